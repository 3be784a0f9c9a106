{#
    What a node returns when it cannot read what it is given (`input_problems`): nothing to append to what it holds, or
    what it holds; before it holds anything, its columns.
    Arguments: columns, mapping of column to SQL type; appends, whether the node does: else it is a table.
    Returns: SQL, a query.
    Example: {{ ml_ledger.no_new_rows(ml_ledger.outcome_columns(), appends=false) }}
#}
{% macro no_new_rows(columns, appends=true) -%}
{%- if appends and is_incremental() -%}
select * from {{ ml_ledger.rows_so_far() }}
where 1 = 0
{%- elif not appends and execute and load_relation(this) is not none -%}
select * from {{ this }}
{%- else -%}
{{ ml_ledger.declared_rows(columns, []) }}
{%- endif -%}
{%- endmacro %}
