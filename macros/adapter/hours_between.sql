{#
    One row per hour that begins from one moment, itself the beginning of an hour, up to another, for use in a select
    list.
    Arguments: first and last, SQL timestamps.
    Returns: SQL.
    Example: select version, {{ ml_ledger.hours_between('first_hour', 'valid_to') }} as hour from intervals
#}
{% macro hours_between(first, last) %}
    {% do return(adapter.dispatch('hours_between', 'ml_ledger')(first, last)) %}
{% endmacro %}

{% macro default__hours_between(first, last) %}
    {% do ml_ledger.unsupported('hours_between') %}
{% endmacro %}

{% macro duckdb__hours_between(first, last) %}
    {% do return('unnest(generate_series(' ~ first ~ ', ' ~ last ~ ', interval 1 hour))') %}
{% endmacro %}
