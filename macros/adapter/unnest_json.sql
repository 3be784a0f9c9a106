{#
    One row per object of a JSON array that is stored in a column, with typed members.
    Arguments: relation; json_column; keep, list of columns of the relation to repeat; members, mapping of member to
    SQL type.
    Returns: SQL, a select.
    Example: {{ ml_ledger.unnest_json(ref('v'), 'metrics', ['version'], {'metric': 'varchar'}) }}
#}
{% macro unnest_json(relation, json_column, keep, members) %}
    {% do return(adapter.dispatch('unnest_json', 'ml_ledger')(relation, json_column, keep, members)) %}
{% endmacro %}

{% macro default__unnest_json(relation, json_column, keep, members) %}
    {% do ml_ledger.unsupported('unnest_json') %}
{% endmacro %}

{% macro duckdb__unnest_json(relation, json_column, keep, members) -%}
    {%- set types = [] -%}
    {%- for member, type in members.items() -%}
        {%- do types.append('"' ~ member ~ '":"' ~ type ~ '"') -%}
    {%- endfor -%}
    select
        {% for column in keep -%}
        {{ column }},
        {% endfor -%}
        unnest(
            from_json({{ json_column }}, '[{{ "{" ~ types | join(",") ~ "}" }}]'),
            recursive := true
        )
    from {{ relation }}
{%- endmacro %}
