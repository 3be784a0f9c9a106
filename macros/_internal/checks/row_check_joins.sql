{#
    The relations that rows refer to, as joins that leave every row of `_ml_source` once.
    Arguments: checks, as in `checked_rows`, valid.
    Returns: SQL, the end of a from clause.
#}
{% macro row_check_joins(checks) -%}
{%- for check in checks.values() %}
{%- if 'refers_to' in check %}
{%- set columns = ml_ledger.as_list(check.refers_to) -%}
{%- set given = check.get('to_columns') or columns -%}
{%- set to_columns = ml_ledger.as_list(given) -%}
{%- set target = '_ml_target_' ~ loop.index %}
left join (
    select distinct
        {%- for column in ml_ledger.columns(to_columns) %}
        {{ column }} as _ml_column_{{ loop.index }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ check.to }}
) as {{ target }}
    on
        {%- for column in ml_ledger.columns(columns, '_ml_source') %}
        {{ 'and ' if not loop.first }}{{ column }} = {{ target }}._ml_column_{{ loop.index }}
        {%- endfor %}
{%- endif %}
{%- endfor -%}
{%- endmacro %}
