-- What was decided by a version that was withdrawn later, about whom, and when, why and by whom was it withdrawn?
-- Rolled back from, or retired. Shadows decided nothing and are left out.
-- dbt show --limit 50 --select audit_7_withdrawn --vars '{ml_model: repurchase}'; without it, of all ML models.
select
    ml_model,
    version,
    withdrawn_at,
    withdrawn_by,
    withdrawn_because,
    entity_id,
    as_of,
    decided_at,
    slot,
    decision,
    decision_source,
    score,
    decision_id
from {{ ref('ml_decision_audit') }}
where
    withdrawn_at is not null
    and slot <> 'shadow'
    and {{ 'ml_model = ' ~ ml_ledger.text_literal(ml_ledger.asked_ml_model()) if var('ml_model', none) else '1 = 1' }}
order by ml_model, version, decided_at, entity_id, decision_id
