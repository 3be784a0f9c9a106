{#
    The features that pushed strongest towards a decision, strongest first, as a JSON array of
    {feature, value, contribution}, as text. Contributions are in link units against an average training row: positive
    ones raise the score.
    Arguments: pushes, mapping of feature to the column that holds its push towards the decision; direction, column
    that is 1 where the decision is for a high score and -1 for a low one; features, column with the inputs as a JSON
    object; count, how many.
    Returns: SQL.
    Example: {{ ml_ledger.top_reasons({'recency_days': '_ml_push1'}, '_ml_direction', '_ml_features', 3) }} as reasons
#}
{% macro top_reasons(pushes, direction, features, count) %}
    {% do return(adapter.dispatch('top_reasons', 'ml_ledger')(pushes, direction, features, count)) %}
{% endmacro %}

{% macro default__top_reasons(pushes, direction, features, count) %}
    {% do ml_ledger.unsupported('top_reasons') %}
{% endmacro %}

{% macro duckdb__top_reasons(pushes, direction, features, count) -%}
    {%- if not pushes -%}
    '[]'
    {%- else -%}
    cast(to_json(list_transform(
                    list_sort([
                        {%- for feature, push in pushes.items() %}
                        {'push': {{ push }}, 'feature': '{{ feature }}'}
                        {%- if not loop.last %},{% endif -%}
                        {% endfor %}
                    ], 'desc')[1:{{ count }}],
                    lambda reason: {
                        'feature': reason.feature,
                        'value': json_extract({{ features }}, '$."' || reason.feature || '"'),
                        'contribution': reason.push * {{ direction }}
                    }
                )) as {{ dbt.type_string() }})
    {%- endif -%}
{%- endmacro %}
