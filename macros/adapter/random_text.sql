{#
    A text that nobody can guess, another one in every row.
    Returns: SQL.
    Example: {{ ml_ledger.random_text() }} as values_salt
#}
{% macro random_text() %}
    {% do return(adapter.dispatch('random_text', 'ml_ledger')()) %}
{% endmacro %}

{% macro default__random_text() %}
    {% do ml_ledger.unsupported('random_text') %}
{% endmacro %}

{% macro duckdb__random_text() %}
    {% do return('cast(uuid() as ' ~ dbt.type_string() ~ ')') %}
{% endmacro %}
