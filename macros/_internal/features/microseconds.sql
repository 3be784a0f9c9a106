{# Days of 24 hours, in microseconds. #}
{% macro microseconds(days) %}
    {% do return(days * 86400000000) %}
{% endmacro %}
