{#
    How many rows the tables of the warehouse have, from the engine's catalogue: without reading them.
    Returns: list of mappings of name (schema.table, in lower case), row_count, and by_invocation, the column
    with the run that wrote a row, or none; empty where no one has written this for the engine, which leaves row counts
    unknown.
    Example: {% for table in ml_ledger.table_sizes() %} ... {% endfor %}
#}
{% macro table_sizes() %}
    {% do return(adapter.dispatch('table_sizes', 'ml_ledger')()) %}
{% endmacro %}

{% macro default__table_sizes() %}
    {% do return([]) %}
{% endmacro %}

{# Where a table has both columns, the one without prefix is the user's, or of rows that were kept before it had one. #}
{% macro duckdb__table_sizes() %}
    {% set tables = [] %}
    {% for row in run_query(
        "select lower(tables.schema_name || '.' || tables.table_name) as name, any_value(tables.estimated_size) as"
            ~ " row_count,"
        ~ " min(columns.column_name) filter (columns.column_name in ('_ml_invocation_id', 'invocation_id')) as"
        ~ " by_invocation"
        ~ " from duckdb_tables() as tables inner join duckdb_columns() as columns using (table_oid, database_name)"
        ~ " where tables.database_name = current_database() group by tables.schema_name, tables.table_name"
    ) %}
        {% do tables.append({'name': row[0], 'row_count': row[1] | int, 'by_invocation': row[2]}) %}
    {% endfor %}
    {% do return(tables) %}
{% endmacro %}
