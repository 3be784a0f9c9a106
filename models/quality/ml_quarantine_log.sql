{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
    )
}}

with

set_aside as (
    select
        relation,
        check_name,
        sum(row_count) as row_count
    from {{ ref('ml_quarantine') }}
    group by relation, check_name
),

recorded as (
    {{ ml_ledger.quarantine_recorded() | indent(4) }}
),

latest as (
    select
        relation,
        check_name,
        row_count
    from recorded
    where age = 1
),

clocks as (
    select
        relation,
        max(clock) as clock
    from recorded
    group by relation
),

-- What is no longer set aside for a reason is recorded, too, as none.
compared as (
    select
        coalesce(set_aside.relation, latest.relation) as relation,
        coalesce(set_aside.check_name, latest.check_name) as check_name,
        coalesce(set_aside.row_count, 0) as row_count,
        coalesce(set_aside.row_count, 0) - coalesce(latest.row_count, 0) as change  -- noqa: RF04
    from set_aside
    full outer join latest
        on
            set_aside.relation = latest.relation
            and set_aside.check_name = latest.check_name
)

select
    {{ ml_ledger.clock() }} as clock,
    compared.relation,
    compared.check_name,
    cast(compared.row_count as {{ dbt.type_bigint() }}) as row_count,
    cast(compared.change as {{ dbt.type_bigint() }}) as change,  -- noqa: RF04
    {{ ml_ledger.wall_clock() }} as recorded_at,
    cast('{{ invocation_id }}' as {{ dbt.type_string() }}) as invocation_id
from compared
left join clocks
    on compared.relation = clocks.relation
where
    compared.change <> 0
    and coalesce(clocks.clock <= {{ ml_ledger.clock() }}, true)
