{# The last part of the names of a window's columns. #}
{% macro window_name(days) %}
    {% do return('lifetime' if days is none else days ~ 'd') %}
{% endmacro %}
