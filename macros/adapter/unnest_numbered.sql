{#
    One row per row of a relation and column of a list: the column's number, from 1, and its value.
    Arguments: columns, list of columns of one type; number and value, names of the new columns; keep, list of columns
    to repeat; relation.
    Returns: SQL, a select.
    Example: {{ ml_ledger.unnest_numbered(['_ml_leaf1', '_ml_leaf2'], 'tree', 'leaf', ['id'], 'scored') }}
#}
{% macro unnest_numbered(columns, number, value, keep, relation) %}
    {% do return(adapter.dispatch('unnest_numbered', 'ml_ledger')(columns, number, value, keep, relation)) %}
{% endmacro %}

{% macro default__unnest_numbered(columns, number, value, keep, relation) %}
    {% do ml_ledger.unsupported('unnest_numbered') %}
{% endmacro %}

{% macro duckdb__unnest_numbered(columns, number, value, keep, relation) -%}
    select
        {{ keep | join(',\n        ') }},
        unnest(range(1, {{ columns | length + 1 }})) as {{ number }},
        unnest([{{ columns | join(', ') }}]) as {{ value }}
    from {{ relation }}
{%- endmacro %}
