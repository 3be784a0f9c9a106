{#
    The SHA-256 hash of a text (in UTF-8) or of bytes, as 64 lower case hexadecimal digits.
    Arguments: text, SQL expression; NULL stays NULL.
    Returns: SQL.
    Example: {{ ml_ledger.sha256("'a text'") }}
#}
{% macro sha256(text) %}
    {% do return(adapter.dispatch('sha256', 'ml_ledger')(text)) %}
{% endmacro %}

{% macro default__sha256(text) %}
    {% do ml_ledger.unsupported('sha256') %}
{% endmacro %}

{% macro duckdb__sha256(text) %}
    {% do return('sha256(' ~ text ~ ')') %}
{% endmacro %}
