{# The frame that holds a window, where rows are ordered by microseconds. #}
{% macro window_frame(days, strictly_before) %}
    {% if days is none %}
        {% set first = 'unbounded' %}
    {% else %}
        {% set first = ml_ledger.microseconds(days) - (0 if strictly_before else 1) %}
    {% endif %}
    {% do return(
        'range between ' ~ first ~ ' preceding and ' ~ ('1 preceding' if strictly_before else 'current row')
    ) %}
{% endmacro %}
