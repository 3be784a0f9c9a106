with

verdicts as (
    {{ ml_ledger.resolved_verdicts(ref('ml_feedback'), ref('ml_predictions')) | indent(4) }}
),

overrides as (
    {{ ml_ledger.overrides_in_force(ref('ml_feedback')) | indent(4) }}
),

spoken as (
    select
        ml_model,
        decision_id,
        count(*) as feedback,
        count(distinct reviewer) as reviewers
    from {{ ref('ml_feedback') }}
    group by ml_model, decision_id
)

select
    spoken.ml_model,
    spoken.decision_id,
    spoken.feedback,
    spoken.reviewers,
    verdicts.verdict,
    verdicts.given_at as verdict_given_at,
    coalesce(verdicts.in_conflict, false) as in_conflict,
    predictions.decision,
    overrides.override_decision,
    overrides.overridden_by,
    overrides.override_reason,
    overrides.overridden_at,
    coalesce(overrides.override_decision, predictions.decision) as decision_in_force
from spoken
left join verdicts
    on
        spoken.ml_model = verdicts.ml_model
        and spoken.decision_id = verdicts.decision_id
left join overrides
    on
        spoken.ml_model = overrides.ml_model
        and spoken.decision_id = overrides.decision_id
left join {{ ref('ml_predictions') }} as predictions
    on
        spoken.ml_model = predictions.ml_model
        and spoken.decision_id = predictions.decision_id
