{#
    A JSON array of the texts that are not NULL, in their order, as text; NULL where all are.
    Arguments: texts, list of SQL expressions of texts.
    Returns: SQL.
    Example: {{ ml_ledger.json_array_of_texts(["case when amount is null then 'amount is missing' end"]) }} as reasons
#}
{% macro json_array_of_texts(texts) %}
    {% do return(adapter.dispatch('json_array_of_texts', 'ml_ledger')(texts)) %}
{% endmacro %}

{% macro default__json_array_of_texts(texts) %}
    {% do ml_ledger.unsupported('json_array_of_texts') %}
{% endmacro %}

{% macro duckdb__json_array_of_texts(texts) -%}
{%- if not texts -%}
cast(null as {{ dbt.type_string() }})
{%- else -%}
nullif(cast(to_json(list_filter(
        [
            {%- for text in texts %}
            {{ text | indent(12) }}{{ ',' if not loop.last }}
            {%- endfor %}
        ],
        lambda text: text is not null
    )) as {{ dbt.type_string() }}), '[]')
{%- endif -%}
{%- endmacro %}
