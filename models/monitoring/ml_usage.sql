with

days as (
    select
        ml_model,
        cast(decided_at as date) as decided_on,
        count(*) as batches,
        cast(sum(predictions) as {{ dbt.type_bigint() }}) as predictions,
        max(predictions) as largest_batch,
        min(recorded_at) as first_recorded_at,
        max(recorded_at) as last_recorded_at
    from {{ ref('ml_batches') }}
    group by ml_model, cast(decided_at as date)
),

before as (
    select
        *,
        lag(decided_on) over (partition by ml_model order by decided_on) as decided_on_before,
        avg(predictions) over (
            partition by ml_model
            order by decided_on
            rows between 12 preceding and 1 preceding
        ) as usual_predictions
    from days
)

select
    ml_model,
    decided_on,
    batches,
    predictions,
    largest_batch,
    {{ ml_ledger.days_between('decided_on_before', 'decided_on') }} as days_since,
    usual_predictions,
    predictions / usual_predictions as times_usual,
    coalesce(predictions > 2 * usual_predictions, false) as is_burst,
    first_recorded_at,
    last_recorded_at
from before
