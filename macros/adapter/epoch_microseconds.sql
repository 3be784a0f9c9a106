{#
    Whole microseconds from 1970-01-01 to a moment: a date counts as its midnight, a timestamp without a zone as it
    reads, one with a zone as the instant that it is.
    Arguments: moment, SQL date or timestamp.
    Returns: SQL, an 8 byte integer.
    Example: {{ ml_ledger.epoch_microseconds('order_date') }} as _ml_moment
#}
{% macro epoch_microseconds(moment) %}
    {% do return(adapter.dispatch('epoch_microseconds', 'ml_ledger')(moment)) %}
{% endmacro %}

{% macro default__epoch_microseconds(moment) %}
    {% do ml_ledger.unsupported('epoch_microseconds') %}
{% endmacro %}

{% macro duckdb__epoch_microseconds(moment) %}
    {% do return('epoch_us(' ~ moment ~ ')') %}
{% endmacro %}

{% macro spark__epoch_microseconds(moment) %}
    {% do return('unix_micros(cast(' ~ moment ~ ' as timestamp))') %}
{% endmacro %}

{% macro postgres__epoch_microseconds(moment) %}
    {% do return('cast(extract(epoch from ' ~ moment ~ ') * 1000000 as bigint)') %}
{% endmacro %}
