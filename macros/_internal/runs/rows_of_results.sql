{#
    How many rows each executed node appended or built, where that is cheap to know: what the engine said; else, of an
    incremental node whose rows carry `invocation_id` or `_ml_invocation_id`, those of this run; else what the engine's
    catalogue says of a table.
    Arguments: results, as dbt hands them to on-run-end.
    Returns: mapping of unique id to number.
    Example: {% set row_counts = ml_ledger.rows_of_results(results) %}
#}
{% macro rows_of_results(results) %}
    {% set row_counts, appended, tables = {}, [], {} %}
    {% for result in results if result.status | string == 'success'
        and result.node.resource_type | string in ['model', 'seed', 'snapshot'] %}
        {% set said = (result.adapter_response or {}).get('rows_affected') %}
        {% if said is not none and said | int(-1) >= 0 %}
            {% do row_counts.update({result.node.unique_id: said | int}) %}
        {% elif result.node.config.materialized in ['incremental', 'table', 'snapshot'] %}
            {% do tables.update({(result.node.schema ~ '.' ~ result.node.alias) | lower: result.node}) %}
        {% endif %}
    {% endfor %}
    {% for table in (ml_ledger.table_sizes() if tables else []) if table.name in tables %}
        {% set node = tables[table.name] %}
        {% if node.config.materialized == 'incremental' and table.by_invocation %}
            {% do appended.append(
                'select ' ~ ml_ledger.text_literal(node.unique_id) ~ ' as node_id, count(*) as row_count from '
                ~ node.relation_name ~ ' where cast(' ~ table.by_invocation ~ ' as ' ~ dbt.type_string() ~ ") = '"
                ~ invocation_id ~ "'"
            ) %}
        {% elif node.config.materialized != 'incremental' or node.config.incremental_strategy != 'append' %}
            {% do row_counts.update({node.unique_id: table.row_count}) %}
        {% endif %}
    {% endfor %}
    {% for row in (run_query(appended | join('\nunion all\n')) if appended else []) %}
        {% do row_counts.update({row[0]: row[1] | int}) %}
    {% endfor %}
    {% do return(row_counts) %}
{% endmacro %}
