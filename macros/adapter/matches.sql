{#
    Whether a whole text matches a regular expression.
    Arguments: value, SQL expression of a text; pattern, string, in the part of the syntax that engines share.
    Returns: SQL, a condition.
    Example: {{ ml_ledger.matches('cast(zip as varchar)', '[0-9]{5}') }}
#}
{% macro matches(value, pattern) %}
    {% do return(adapter.dispatch('matches', 'ml_ledger')(value, ml_ledger.text_literal('^(' ~ pattern ~ ')$'))) %}
{% endmacro %}

{% macro default__matches(value, pattern) %}
    {% do ml_ledger.unsupported('matches') %}
{% endmacro %}

{% macro duckdb__matches(value, pattern) %}
    {% do return('regexp_matches(' ~ value ~ ', ' ~ pattern ~ ')') %}
{% endmacro %}

{% macro postgres__matches(value, pattern) %}
    {% do return('(' ~ value ~ ' ~ ' ~ pattern ~ ')') %}
{% endmacro %}

{% macro spark__matches(value, pattern) %}
    {% do return('(' ~ value ~ ' rlike ' ~ pattern ~ ')') %}
{% endmacro %}
