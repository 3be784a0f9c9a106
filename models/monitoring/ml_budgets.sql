with

budgets as (
    {{ ml_ledger.declared_budgets() | indent(4) }}
),

runs as (
    select
        ml_model,
        invocation_id,
        max(recorded_at) as recorded_at,
        sum(seconds) as seconds,
        sum(cost) as cost  -- noqa: RF04
    from {{ ref('ml_runs') }}
    where ml_model is not null
    group by ml_model, invocation_id
),

latest as (
    select
        ml_model,
        max(recorded_at) as recorded_at
    from runs
    group by ml_model
),

-- The last run of each ML model, and the month in which it was.
spent as (
    select
        runs.ml_model,
        latest.recorded_at,
        max(case when runs.recorded_at = latest.recorded_at then runs.invocation_id end) as invocation_id,
        max(case when runs.recorded_at = latest.recorded_at then runs.seconds end) as seconds,
        sum(runs.cost) as cost  -- noqa: RF04
    from runs
    inner join latest
        on
            runs.ml_model = latest.ml_model
            and {{ dbt.date_trunc('month', 'runs.recorded_at') }} = {{ dbt.date_trunc('month', 'latest.recorded_at') }}
    group by runs.ml_model, latest.recorded_at
),

compared as (
    select
        budgets.ml_model,
        budgets.budget,
        budgets.allowed,
        case budgets.budget when 'seconds_per_run' then spent.seconds else spent.cost end as spent,
        spent.invocation_id,
        spent.recorded_at
    from budgets
    left join spent on budgets.ml_model = spent.ml_model
)

select
    ml_model,
    budget,
    allowed,
    spent,
    spent / allowed as share_of_budget,
    coalesce(spent > allowed, false) as over_budget,
    invocation_id,
    recorded_at
from compared
