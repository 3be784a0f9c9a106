{# Whether moments of a type have a time zone. type: SQL, in lower case. #}
{% macro has_time_zone(type) %}
    {% do return('with time zone' in type or type in ['timestamptz', 'timestamp_tz', 'timestamp_ltz']) %}
{% endmacro %}
