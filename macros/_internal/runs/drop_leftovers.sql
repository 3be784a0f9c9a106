{#
    Drop the temporary relations that incremental Python models leave behind, where an adapter leaves them: dbt-duckdb
    writes them as ordinary tables and never drops them. Runs at the end of every run.
    Returns: nothing.
    Example: on-run-end: "{{ ml_ledger.drop_leftovers() }}"
#}
{% macro drop_leftovers() %}
    {% if execute %}
        {% do adapter.dispatch('drop_leftovers', 'ml_ledger')() %}
    {% endif %}
{% endmacro %}

{# No other adapter is known to leave any. #}
{% macro default__drop_leftovers() %}
{% endmacro %}

{% macro duckdb__drop_leftovers() %}
    {% set conditions = [] %}
    {% for name in ml_ledger.ml_model_names() %}
        {% for node in ['versions', 'performance', 'drift', 'training_quality'] %}
            {% do conditions.append("starts_with(table_name, '" ~ name ~ '_' ~ node ~ "__dbt_tmp')") %}
        {% endfor %}
    {% endfor %}
    {% set leftovers = run_query(
        'select table_schema, table_name from information_schema.tables where table_catalog = current_database() and ('
        ~ conditions | join(' or ') ~ ')'
    ) if conditions else [] %}
    {% for leftover in leftovers %}
        {% do run_query('drop table "' ~ leftover[0] ~ '"."' ~ leftover[1] ~ '"') %}
    {% endfor %}
{% endmacro %}
