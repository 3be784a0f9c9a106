{#
    Write what was changed and deleted to the warehouse's file now, where an engine waits with it. Old blocks of the
    file are free then, and are overwritten as it grows (docs/retention.md).
    Returns: nothing.
    Example: {% do ml_ledger.reclaim_space() %}
#}
{% macro reclaim_space() %}
    {% do adapter.dispatch('reclaim_space', 'ml_ledger')() %}
{% endmacro %}

{# Engines in the cloud do it by themselves, after the time for which they can travel back. #}
{% macro default__reclaim_space() %}
{% endmacro %}

{% macro duckdb__reclaim_space() %}
    {% do run_query('checkpoint') %}
{% endmacro %}
