with

reasons as (
    {{ ml_ledger.union_quarantined() | indent(4) }}
),

sources as (
    {{ ml_ledger.union_quarantined_sources() | indent(4) }}
),

counted as (
    select
        relation,
        check_name,
        period,
        count(*) as row_count,
        min(example) as example
    from reasons
    group by relation, check_name, period
)

select
    cast(counted.relation as {{ dbt.type_string() }}) as relation,
    cast(counted.check_name as {{ dbt.type_string() }}) as check_name,
    counted.period,
    cast(counted.row_count as {{ dbt.type_bigint() }}) as row_count,
    cast(sources.source_rows as {{ dbt.type_bigint() }}) as source_rows,
    {{ ml_ledger.share_of('counted.row_count', 'sources.source_rows') }} as share,  -- noqa: RF04
    counted.example
from counted
left join sources
    on
        counted.relation = sources.relation
        and (counted.period = sources.period or (counted.period is null and sources.period is null))
