{#
    One row per member of a JSON object: its name and its value, as text (a JSON text where it is an object or array).
    Names hold no quotes.
    Arguments: relation; json, SQL expression over its columns, without rows where it is NULL; keep, list of columns of
    the relation to repeat; key and value, names of the new columns.
    Returns: SQL, a select.
    Example: {{ ml_ledger.unnest_json_object('versions', 'signs', ['version'], key='feature', value='direction') }}
#}
{% macro unnest_json_object(relation, json, keep, key, value) %}
    {% do return(adapter.dispatch('unnest_json_object', 'ml_ledger')(relation, json, keep, key, value)) %}
{% endmacro %}

{% macro default__unnest_json_object(relation, json, keep, key, value) %}
    {% do ml_ledger.unsupported('unnest_json_object') %}
{% endmacro %}

{% macro duckdb__unnest_json_object(relation, json, keep, key, value) -%}
    select
        {{ keep | join(', ') }},
        {{ key }},
        {{ ml_ledger.json_value('_ml_json', key) }} as {{ value }}
    from (
        select
            {{ keep | join(', ') }},
            {{ json }} as _ml_json,
            unnest(json_keys({{ json }})) as {{ key }}
        from {{ relation }}
    ) as _ml_members
{%- endmacro %}
