{#
    Whether a JSON array of texts holds a text.
    Arguments: json, SQL expression; value, SQL expression of a text.
    Returns: SQL, a condition.
    Example: {{ ml_ledger.json_array_has('levels', 'feature_text') }}
#}
{% macro json_array_has(json, value) %}
    {% do return(adapter.dispatch('json_array_has', 'ml_ledger')(json, value)) %}
{% endmacro %}

{% macro default__json_array_has(json, value) %}
    {% do ml_ledger.unsupported('json_array_has') %}
{% endmacro %}

{% macro duckdb__json_array_has(json, value) %}
    {% do return("list_contains(from_json(" ~ json ~ ", '[\"varchar\"]'), " ~ value ~ ')') %}
{% endmacro %}
