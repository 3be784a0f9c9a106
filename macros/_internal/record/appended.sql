{#
    How dbt must build a node of the record: rows are appended, and no build replaces them, `--full-refresh` included.
    Arguments: none.
    Returns: nothing.
    Example: {% do ml_ledger.appended() %}
#}
{% macro appended() %}
    {% do config(
        materialized='incremental', incremental_strategy='append', full_refresh=false,
        on_schema_change='append_new_columns'
    ) %}
{% endmacro %}
