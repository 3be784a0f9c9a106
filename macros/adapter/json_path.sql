{#
    A value inside nested JSON objects, as text; NULL where it is null or absent.
    Arguments: json, SQL expression; keys, list of member names, outermost first; `score[0]` is the first element of the
    array `score`.
    Returns: SQL.
    Example: {{ ml_ledger.json_path('spec', ['decision', 'positive']) }}
#}
{% macro json_path(json, keys) %}
    {% do return(adapter.dispatch('json_path', 'ml_ledger')(json, keys)) %}
{% endmacro %}

{% macro default__json_path(json, keys) %}
    {% do ml_ledger.unsupported('json_path') %}
{% endmacro %}

{% macro duckdb__json_path(json, keys) %}
    {% do return("json_extract_string(" ~ json ~ ", '$." ~ keys | join('.') ~ "')") %}
{% endmacro %}
