{#
    All columns of what is selected from, but some.
    Arguments: columns, list of names, at least one.
    Returns: SQL, the list of a select.
    Example: select {{ ml_ledger.all_columns_but(['_ml_rank']) }} from ranked
#}
{% macro all_columns_but(columns) %}
    {% do return(adapter.dispatch('all_columns_but', 'ml_ledger')(columns)) %}
{% endmacro %}

{% macro default__all_columns_but(columns) %}
    {% do ml_ledger.unsupported('all_columns_but') %}
{% endmacro %}

{% macro duckdb__all_columns_but(columns) %}
    {% do return('* exclude (' ~ columns | join(', ') ~ ')') %}
{% endmacro %}

{% macro snowflake__all_columns_but(columns) %}
    {% do return('* exclude (' ~ columns | join(', ') ~ ')') %}
{% endmacro %}

{% macro bigquery__all_columns_but(columns) %}
    {% do return('* except (' ~ columns | join(', ') ~ ')') %}
{% endmacro %}

{% macro databricks__all_columns_but(columns) %}
    {% do return('* except (' ~ columns | join(', ') ~ ')') %}
{% endmacro %}
