with

served as (
    select
        *,
        row_number() over (partition by ml_model, entity_id order by as_of desc, decided_at desc) as _ml_age
    from {{ ref('ml_predictions') }}
    where slot <> 'shadow' and entity_id is not null
)

select
    ml_model,
    entity_id,
    as_of,
    slot,
    version,
    status,
    score,
    predicted,
    threshold,
    decision,
    decision_source,
    reasons,
    decided_at,
    decision_id
from served
where _ml_age = 1
