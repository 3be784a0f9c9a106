with

declared as (
    {{ ml_ledger.declared_words() }}
),

trained as (
    select
        ml_model,
        count(*) as versions
    from {{ ref('ml_versions') }}
    group by ml_model
),

live as (
    select
        ml_model,
        max(version) as live_version
    from {{ ref('ml_deployments') }}
    where
        slot = 'champion'
        and {{ ml_ledger.is_live_at(ml_ledger.clock()) }}
    group by ml_model
)

select
    declared.ml_model,
    declared.task,
    declared.description,
    declared.owner,
    declared.validator,
    declared.purpose,
    declared.restrictions,
    declared.materiality,
    declared.assumptions,
    declared.limits,
    {{ ml_ledger.text_as_date('declared.last_validation') }} as last_validation,
    {{ ml_ledger.text_as_date('declared.next_validation') }} as next_validation,
    declared.open_findings,
    declared.policy,
    live.live_version,
    cast(coalesce(trained.versions, 0) as {{ dbt.type_bigint() }}) as versions,
    coalesce(
        {{ ml_ledger.text_as_date('declared.next_validation') }} < {{ ml_ledger.clock() }}, false
    ) as validation_overdue
from declared
left join trained on declared.ml_model = trained.ml_model
left join live on declared.ml_model = live.ml_model
