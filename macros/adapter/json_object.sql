{#
    A JSON object as text. Doubles are written with the shortest text that reads back bit for bit.
    Arguments: pairs, mapping of key to SQL expression.
    Returns: SQL.
    Example: {{ ml_ledger.json_object({'recency_days': 'recency_days'}) }} as features
#}
{% macro json_object(pairs) %}
    {% do return(adapter.dispatch('json_object', 'ml_ledger')(pairs)) %}
{% endmacro %}

{% macro default__json_object(pairs) %}
    {% do ml_ledger.unsupported('json_object') %}
{% endmacro %}

{% macro duckdb__json_object(pairs) %}
    {% set members = [] %}
    {% for key, expression in pairs.items() %}
        {% do members.append(ml_ledger.text_literal(key) ~ ': ' ~ expression) %}
    {% endfor %}
    {% do return('cast(to_json({' ~ members | join(', ') ~ '}) as ' ~ dbt.type_string() ~ ')') %}
{% endmacro %}
