{#
    The features, or pairs of features, that pushed strongest towards a decision, strongest first, as a JSON array of
    {feature, value, contribution}, as text; the value of a pair is null. Contributions are in link units against an
    average training row: positive ones raise the score. With texts, each also has the text of its feature and
    direction, and the text's version.
    Arguments: pushes, mapping of feature to the column that holds its push towards the decision; direction, column
    that is 1 where the decision is for a high score and -1 for a low one; features, column with the inputs as a JSON
    object; count, how many; with_texts, whether there is a column `_ml_texts` (see `reason_text_map`).
    Returns: SQL.
    Example: {{ ml_ledger.top_reasons({'recency_days': '_ml_push1'}, '_ml_direction', '_ml_features', 3) }} as reasons
#}
{% macro top_reasons(pushes, direction, features, count, with_texts=false) %}
    {% do return(adapter.dispatch('top_reasons', 'ml_ledger')(pushes, direction, features, count, with_texts)) %}
{% endmacro %}

{% macro default__top_reasons(pushes, direction, features, count, with_texts) %}
    {% do ml_ledger.unsupported('top_reasons') %}
{% endmacro %}

{% macro duckdb__top_reasons(pushes, direction, features, count, with_texts) -%}
    {%- set raises = "case when reason.push * " ~ direction ~ " >= 0 then ' raises' else ' lowers' end" -%}
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
                        {%- if with_texts %},
                        'text': _ml_texts[reason.feature || {{ raises }}].text,
                        'text_version': _ml_texts[reason.feature || {{ raises }}].version
                        {%- endif %}
                    }
                )) as {{ dbt.type_string() }})
    {%- endif -%}
{%- endmacro %}
