{#
    A text with every match of a regular expression replaced.
    Arguments: value, SQL expression of a text; pattern and replacement, strings.
    Returns: SQL.
    Example: {{ ml_ledger.replace_pattern('phone', '[0-9]+', '9') }}
#}
{% macro replace_pattern(value, pattern, replacement) %}
    {% do return(adapter.dispatch('replace_pattern', 'ml_ledger')(
        value, ml_ledger.text_literal(pattern), ml_ledger.text_literal(replacement)
    )) %}
{% endmacro %}

{% macro default__replace_pattern(value, pattern, replacement) %}
    {% do ml_ledger.unsupported('replace_pattern') %}
{% endmacro %}

{% macro duckdb__replace_pattern(value, pattern, replacement) %}
    {% do return('regexp_replace(' ~ value ~ ', ' ~ pattern ~ ', ' ~ replacement ~ ", 'g')") %}
{% endmacro %}

{% macro postgres__replace_pattern(value, pattern, replacement) %}
    {% do return('regexp_replace(' ~ value ~ ', ' ~ pattern ~ ', ' ~ replacement ~ ", 'g')") %}
{% endmacro %}

{% macro spark__replace_pattern(value, pattern, replacement) %}
    {% do return('regexp_replace(' ~ value ~ ', ' ~ pattern ~ ', ' ~ replacement ~ ')') %}
{% endmacro %}
