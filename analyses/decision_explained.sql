-- From a decision to its version, coefficients, inputs and metrics: one row per term, with what it contributed.
-- dbt compile --select decision_explained --vars '{decision_id: ...}'; without it, some decision is explained.
{% set decision_id = var('decision_id', none) %}
with

decision as (
    select *
    from {{ ref('ml_decision_audit') }}
    {{ "where decision_id = '" ~ decision_id ~ "'" if decision_id else 'order by decision_id' }}
    limit 1
)

select
    decision.decision_id,
    decision.entity_id,
    decision.as_of,
    decision.decided_at,
    decision.decision,
    decision.score,
    decision.threshold,
    decision.version,
    decision.algorithm,
    decision.trained_at,
    decision.deployed_at,
    decision.deployed_by,
    decision.holdout_roc_auc,
    decision.holdout_log_loss,
    terms.feature,
    terms.applies_to,
    terms.feature_value,
    terms.other_feature,
    terms.other_value,
    terms.slope,
    terms.value,
    terms.contribution,
    terms.against_average
from decision
inner join {{ ref('ml_decision_terms') }} as terms
    on decision.decision_id = terms.decision_id
order by terms.term
