{#
    A moment as a timestamp without a time zone, comparable with the clock: with a zone it is taken in UTC, without one
    it counts as it reads; a date as its midnight.
    Arguments: moment, SQL date or timestamp; zoned, whether it has a time zone.
    Returns: SQL.
    Example: {{ ml_ledger.utc_moment('loaded_at', zoned=true) }} <= {{ ml_ledger.clock() }}
#}
{% macro utc_moment(moment, zoned) %}
    {% do return(adapter.dispatch('utc_moment', 'ml_ledger')(moment, zoned)) %}
{% endmacro %}

{% macro default__utc_moment(moment, zoned) %}
    {% do return('cast(' ~ moment ~ (" at time zone 'UTC'" if zoned else '') ~ ' as ' ~ dbt.type_timestamp() ~ ')') %}
{% endmacro %}
