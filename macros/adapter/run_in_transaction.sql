{#
    Run statements, all or none, at once.
    Arguments: statements, list of SQL.
    Returns: nothing.
    Example: {% do ml_ledger.run_in_transaction(['insert into ...', 'update ...']) %}
#}
{% macro run_in_transaction(statements) %}
    {% do adapter.dispatch('run_in_transaction', 'ml_ledger')(statements) %}
{% endmacro %}

{% macro default__run_in_transaction(statements) %}
    {% do ml_ledger.unsupported('run_in_transaction') %}
{% endmacro %}

{% macro duckdb__run_in_transaction(statements) %}
    {# dbt opened the transaction for run-operation; one that fails is rolled back when dbt ends. #}
    {% do run_query(statements | join(';\n') ~ ';\ncommit') %}
{% endmacro %}
