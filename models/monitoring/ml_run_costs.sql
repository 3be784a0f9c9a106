with

budgets as (
    {{ ml_ledger.declared_budgets() | indent(4) }}
),

by_stage as (
    select
        ml_model,
        stage,
        cast({{ dbt.date_trunc('month', 'recorded_at') }} as date) as run_month,
        currency,
        count(distinct invocation_id) as runs,
        sum(seconds) as seconds,
        sum(row_count) as row_count,
        sum(bytes) as bytes,
        sum(cost) as cost  -- noqa: RF04
    from {{ ref('ml_runs') }}
    group by ml_model, stage, cast({{ dbt.date_trunc('month', 'recorded_at') }} as date), currency
)

select
    by_stage.ml_model,
    by_stage.stage,
    by_stage.run_month,
    cast(by_stage.runs as {{ dbt.type_bigint() }}) as runs,
    by_stage.seconds,
    cast(by_stage.row_count as {{ dbt.type_bigint() }}) as row_count,
    cast(by_stage.bytes as {{ dbt.type_bigint() }}) as bytes,
    by_stage.cost,
    by_stage.currency,
    budgets.allowed as cost_per_month,
    by_stage.cost / budgets.allowed as share_of_budget
from by_stage
left join budgets
    on
        by_stage.ml_model = budgets.ml_model
        and budgets.budget = 'cost_per_month'
