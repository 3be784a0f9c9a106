{#
    A member of a JSON object, as text; NULL where it is null or absent.
    Arguments: json, SQL expression; key, SQL expression of the member's name.
    Returns: SQL.
    Example: cast({{ ml_ledger.json_value('features', 'coefficients.feature') }} as double)
#}
{% macro json_value(json, key) %}
    {% do return(adapter.dispatch('json_value', 'ml_ledger')(json, key)) %}
{% endmacro %}

{% macro default__json_value(json, key) %}
    {% do ml_ledger.unsupported('json_value') %}
{% endmacro %}

{% macro duckdb__json_value(json, key) %}
    {# A JSON pointer, in which only these two are special: in a path, a quote ends the name and * stands for all. #}
    {% do return('json_extract_string(' ~ json ~ ", '/' || replace(replace(" ~ key ~ ", '~', '~0'), '/', '~1'))") %}
{% endmacro %}
