-- On what data was the version trained that made this decision; was the entity in it, as of when, in which split?
-- dbt show --select audit_6_trained_on --vars '{entity_id: "1970", as_of: 1998-03-01}'; or decision_id; or an example.
{% set fingerprinted_rows = dbt.split_part('versions.training_set_fingerprint', "':'", 2) %}
with

decision as (
    select *
    from {{ ref('ml_decision_audit') }}
    where decision_id = {{ ml_ledger.asked_decision(ref('ml_predictions')) }}
),

versions as (
    select * from {{ ref('ml_versions') }}
),

kept_rows as (
    select
        training_rows.ml_model,
        training_rows.version,
        training_rows.as_of,
        training_rows.entity_id = decision.entity_id as is_of_entity,
        case
            when training_rows.entity_id = decision.entity_id
                then training_rows.split || ' ' || cast(training_rows.as_of as {{ dbt.type_string() }})
        end as split_and_as_of
    from {{ ref('ml_training_rows') }} as training_rows
    inner join decision
        on
            training_rows.ml_model = decision.ml_model
            and training_rows.version = decision.version
),

kept as (
    select
        ml_model,
        version,
        count(*) as rows_kept,
        count(case when is_of_entity then 1 end) as rows_of_entity,
        {{ dbt.listagg('split_and_as_of', "', '", 'order by as_of') }} as as_of_dates_of_entity
    from kept_rows
    group by ml_model, version
)

select
    decision.decision_id,
    decision.ml_model,
    decision.entity_id,
    decision.as_of,
    decision.version,
    case
        when decision.version is null then 'no version decided'
        when kept.rows_kept is null then 'not kept'
        when decision.entity_id is null then 'erased'
        when kept.rows_of_entity > 0 then 'yes'
        -- The fingerprint says how many rows there were.
        when kept.rows_kept < cast({{ fingerprinted_rows }} as {{ dbt.type_bigint() }})
            then 'not in the rows that are left, others were erased'
        else 'no'
    end as entity_in_training_set,
    kept.as_of_dates_of_entity,
    kept.rows_kept,
    versions.trained_at,
    versions.trained_by,
    versions.train_from,
    versions.train_to,
    versions.train_rows,
    versions.holdout_from,
    versions.holdout_to,
    versions.holdout_rows,
    versions.refit_rows,
    versions.refit_to,
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
left join kept
    on
        decision.ml_model = kept.ml_model
        and decision.version = kept.version
