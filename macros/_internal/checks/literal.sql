{#
    A value of YAML as a SQL literal: a number, true or false, NULL for none, and everything else as text.
    Arguments: value.
    Returns: SQL.
    Example: where label = {{ ml_ledger.literal(1) }}
#}
{% macro literal(value) %}
    {% if value is none %}
        {% do return('null') %}
    {% elif value is sameas true or value is sameas false %}
        {% do return(value | string | lower) %}
    {% elif value is number %}
        {% do return('(' ~ value ~ ')' if value < 0 else value | string) %}
    {% endif %}
    {% do return(ml_ledger.text_literal(value)) %}
{% endmacro %}
