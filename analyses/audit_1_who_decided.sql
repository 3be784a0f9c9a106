-- Which version made this decision, who approved it, when did it go live, and what replaced it, when, why, by whom?
-- And which version was champion at that moment, as it is known now, after any correction of the past?
-- dbt show --select audit_1_who_decided --vars '{entity_id: "1970", as_of: 1998-03-01}'; or decision_id; or an example.
with

decision as (
    select *
    from {{ ref('ml_decision_audit') }}
    where decision_id = {{ ml_ledger.asked_decision(ref('ml_predictions')) }}
),

champion as (
    {{
        ml_ledger.version_as_of(
            '(select ml_model from decision)', '(select decided_at from decision)', ref('ml_deployment_events')
        ) | indent(4)
    }}
)

select
    decision.decision_id,
    decision.ml_model,
    decision.entity_id,
    decision.as_of,
    decision.decided_at,
    decision.recorded_at,
    decision.slot,
    decision.decision,
    decision.decision_source,
    decision.score,
    decision.threshold,
    decision.version,
    decision.algorithm,
    decision.trained_at,
    decision.trained_by,
    decision.trained_because,
    decision.holdout_roc_auc,
    decision.holdout_log_loss,
    decision.approved_by,
    decision.deployed_at,
    decision.deployed_through,
    decision.deployed_by,
    decision.deployed_because,
    decision.replaced_at,
    decision.replaced_by_version,
    decision.replaced_by_actor,
    decision.replaced_because,
    decision.withdrawn_at,
    decision.withdrawn_by,
    decision.withdrawn_because,
    decision.live_version,
    champion.version as champion_as_known_now
from decision
left join champion
    on decision.ml_model = champion.ml_model
