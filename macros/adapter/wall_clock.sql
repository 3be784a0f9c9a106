{#
    The wall clock of the warehouse, as a timestamp without a time zone, in UTC. It cannot be set.
    Returns: SQL.
    Example: {{ ml_ledger.wall_clock() }} as recorded_at
#}
{% macro wall_clock() %}
    {% do return(adapter.dispatch('wall_clock', 'ml_ledger')()) %}
{% endmacro %}

{% macro default__wall_clock() %}
    {% do return("cast(current_timestamp at time zone 'UTC' as " ~ dbt.type_timestamp() ~ ")") %}
{% endmacro %}
