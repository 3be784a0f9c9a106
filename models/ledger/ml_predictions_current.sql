with

served as (
    select
        *,
        row_number() over (partition by ml_model, entity_id order by as_of desc, decided_at desc) as _ml_age
    from {{ ref('ml_predictions') }}
    where slot <> 'shadow' and entity_id is not null
),

overrides as (
    {{ ml_ledger.overrides_in_force(ref('ml_feedback')) | indent(4) }}
)

select
    served.ml_model,
    served.entity_id,
    served.as_of,
    served.slot,
    served.version,
    served.status,
    served.score,
    served.predicted,
    served.threshold,
    served.decision,
    served.decision_source,
    served.reasons,
    served.decided_at,
    served.decision_id,
    overrides.override_decision,
    overrides.overridden_by,
    overrides.override_reason
from served
left join overrides
    on
        served.ml_model = overrides.ml_model
        and served.decision_id = overrides.decision_id
where served._ml_age = 1
