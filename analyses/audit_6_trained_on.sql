-- On what data was the version trained that made this decision, and was the entity in it?
-- dbt show --select audit_6_trained_on --vars '{entity_id: "1970", as_of: 1998-03-01}'; or decision_id; or an example.
with

decision as (
    select *
    from {{ ref('ml_decision_audit') }}
    where decision_id = {{ ml_ledger.asked_decision(ref('ml_predictions')) }}
),

versions as (
    select * from {{ ref('ml_versions') }}
)

{# MEMBERSHIP: join ml_training_rows here by ml_model, version and entity_id; select its as_of and split. -#}
select
    decision.decision_id,
    decision.ml_model,
    decision.entity_id,
    decision.as_of,
    decision.version,
    versions.trained_at,
    versions.trained_by,
    versions.train_from,
    versions.train_to,
    versions.train_rows,
    versions.holdout_from,
    versions.holdout_to,
    versions.holdout_rows,
    versions.labels_overlap_holdout,
    versions.features,
    versions.training_set_fingerprint,
    versions.spec_hash,
    versions.git_commit,
    versions.seed,
    versions.library_versions,
    versions.invocation_id
from decision
left join versions
    on
        decision.ml_model = versions.ml_model
        and decision.version = versions.version
