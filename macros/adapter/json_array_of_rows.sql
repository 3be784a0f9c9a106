{#
    Aggregate: the rows of a group as a JSON array of objects, as text.
    Arguments: pairs, mapping of key to SQL expression; order_by, SQL expression.
    Returns: SQL.
    Example: {{ ml_ledger.json_array_of_rows({'check': 'check_name'}, order_by='check_name') }} as checks
#}
{% macro json_array_of_rows(pairs, order_by) %}
    {% do return(adapter.dispatch('json_array_of_rows', 'ml_ledger')(pairs, order_by)) %}
{% endmacro %}

{% macro default__json_array_of_rows(pairs, order_by) %}
    {% do ml_ledger.unsupported('json_array_of_rows') %}
{% endmacro %}

{% macro duckdb__json_array_of_rows(pairs, order_by) %}
    {% set members = [] %}
    {% for key, expression in pairs.items() %}
        {% do members.append("'" ~ key ~ "': " ~ expression) %}
    {% endfor %}
    {% do return(
        'cast(to_json(list({' ~ members | join(', ') ~ '} order by ' ~ order_by ~ ')) as '
        ~ dbt.type_string() ~ ')'
    ) %}
{% endmacro %}
