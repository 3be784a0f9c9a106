{#
    A text as an SQL literal, quotes escaped; null for none.
    Arguments: text, string or none.
    Returns: SQL.
    Example: {{ ml_ledger.text_literal("O'Neill") }}
#}
{% macro text_literal(text) %}
    {% if text is none %}
        {% do return('null') %}
    {% endif %}
    {% do return(dbt.string_literal(dbt.escape_single_quotes(text))) %}
{% endmacro %}
