{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
    )
}}

{#- The hook `record_runs` appends to it when a run ends; this node only says which columns there are. -#}
{%- do ml_ledger.refuse('ml_run_log', ml_ledger.cost_problems() if execute else []) -%}
{%- set columns = [] -%}
{%- for column, type in ml_ledger.run_columns().items() -%}
    {%- do columns.append('cast(null as ' ~ type ~ ') as ' ~ column) -%}
{%- endfor -%}
select {{ columns | join(',\n    ') }}
where 1 = 0
