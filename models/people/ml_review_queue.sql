{%- set text, moment = dbt.type_string(), dbt.type_timestamp() -%}
with

queued as (
    {{
        ml_ledger.union_ml_models('review_queue', {
            'ml_model': text,
            'decision_id': text,
            'period_start': moment,
            'because': text,
            'inclusion_probability': ml_ledger.type_double(),
            'queued_at': moment,
            'recorded_at': moment,
            'invocation_id': text,
        }, declaring='review') | indent(4)
    }}
),

judged as (
    select
        ml_model,
        decision_id,
        max(case when kind = 'agree' or verdict is not null then 1 else 0 end) as has_verdict
    from {{ ref('ml_feedback') }}
    group by ml_model, decision_id
)

select
    queued.ml_model,
    queued.decision_id,
    predictions.entity_id,
    predictions.as_of,
    queued.period_start,
    predictions.slot,
    predictions.version,
    predictions.status,
    predictions.score,
    predictions.predicted,
    predictions.threshold,
    predictions.decision,
    predictions.reasons,
    queued.because,
    queued.inclusion_probability,
    coalesce(judged.has_verdict, 0) = 1 as reviewed,
    queued.queued_at,
    queued.recorded_at,
    queued.invocation_id
from queued
inner join {{ ref('ml_predictions') }} as predictions
    on
        queued.ml_model = predictions.ml_model
        and queued.decision_id = predictions.decision_id
left join judged
    on
        queued.ml_model = judged.ml_model
        and queued.decision_id = judged.decision_id
