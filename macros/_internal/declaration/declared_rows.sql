{#
    Values of declarations as rows.
    Arguments: columns, mapping of column to SQL type; rows, list of mappings of column to a value, written as a literal
    (a list as JSON) and cast; none, or left out, is NULL. With no rows: no rows of these types.
    Returns: SQL, a select.
    Example: {{ ml_ledger.declared_rows({'ml_model': 'varchar', 'allowed': 'double'}, [{'ml_model': 'churn',
        'allowed': 60}]) }}
#}
{% macro declared_rows(columns, rows) -%}
{%- for row in rows or [{}] -%}
{% if not loop.first %}

union all

{% endif -%}
select
    {%- for column, type in columns.items() %}
    {%- set value = row[column] if column in row else none %}
    {%- set value = tojson(value) if value is sequence and value is not string else value %}
    cast({{ 'null' if value is none else ml_ledger.text_literal(value) }} as {{ type }}) as {{ column }}
    {{- ',' if not loop.last }}
    {%- endfor %}
{%- endfor %}
{%- if not rows %}
where 1 = 0
{%- endif %}
{%- endmacro %}
