{#
    The features, or pairs of features, that pushed strongest towards a decision, strongest first, as a JSON array of
    {feature, value, contribution}, as text; the value of a pair is null. Contributions are in link units against an
    average training row: positive ones raise the score. With texts, each also has the text of its feature and
    direction, and the text's version.
    Arguments: strongest, column with the list that `strongest_pushes` makes; pushes, the same mapping as there;
    direction, column that is 1 where the decision is for a high score and -1 for a low one; values, mapping of feature
    to the column with its value; count, how many; with_texts, whether there is a column `_ml_texts` (see
    `reason_texts_by_push`).
    Returns: SQL.
    Example: {{ ml_ledger.top_reasons('_ml_strongest', pushes, '_ml_direction', {'recency_days': 'recency_days'},
        3) }} as reasons
#}
{% macro top_reasons(strongest, pushes, direction, values, count, with_texts=false) %}
    {% do return(adapter.dispatch('top_reasons', 'ml_ledger')(
        strongest, pushes, direction, values, count, with_texts
    )) %}
{% endmacro %}

{% macro default__top_reasons(strongest, pushes, direction, values, count, with_texts) %}
    {% do ml_ledger.unsupported('top_reasons') %}
{% endmacro %}

{#- Each reason is joined from texts of its own: a lambda over all of them would copy every column that it names. -#}
{% macro duckdb__top_reasons(strongest, pushes, direction, values, count, with_texts) -%}
    {%- set text = dbt.type_string() -%}
    {%- set beginnings = [] -%}
    {%- for feature in pushes -%}
        {%- set name = ml_ledger.text_literal('{"feature":' ~ ml_ledger.json_text(feature) ~ ',"value":') -%}
        {%- set value = "coalesce(cast(to_json(" ~ values[feature] ~ ") as " ~ text ~ "), 'null')"
            if feature in values else "'null'" -%}
        {%- do beginnings.append("when " ~ loop.index ~ " then " ~ name ~ " || " ~ value) -%}
    {%- endfor -%}
    {%- if not pushes -%}
    '[]'
    {%- else -%}
    '[' || concat_ws(
                    ','
                    {%- for number in range(1, [count, pushes | length] | min + 1) %}
                    {%- set reason = strongest ~ '[' ~ number ~ ']' -%}
                    {%- set contribution = reason ~ '.push * ' ~ direction %},
                    case {{ reason }}.number
                        {%- for beginning in beginnings %}
                        {{ beginning }}
                        {%- endfor %}
                    end
                        || ',"contribution":' || cast(to_json({{ contribution }}) as {{ text }})
                        {%- if with_texts %}
                        || _ml_texts[2 * {{ reason }}.number - case when {{ contribution }} >= 0 then 1 else 0 end]
                        {%- endif %}
                        || '}'
                    {%- endfor %}
                ) || ']'
    {%- endif -%}
{%- endmacro %}
