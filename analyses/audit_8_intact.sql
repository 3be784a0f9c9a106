-- Is the record intact, and what are the heads of its chains, to keep elsewhere and compare with later?
-- Predictions have no chain of their own: each run of them is sealed by a row of the batches.
-- dbt show --limit 50 --select audit_8_intact; `ml-ledger verify` finds the same without SQL of this project.
with

chained as (
    select
        ml_model,
        ml_model || '_versions' as table_name,
        version as row_number_in_chain,
        content_hash
    from {{ ref('ml_versions') }}

    union all

    select
        ml_model,
        ml_model || '_deployments' as table_name,
        event_number as row_number_in_chain,
        content_hash
    from {{ ref('ml_deployment_events') }}

    union all

    select
        ml_model,
        ml_model || '_batches' as table_name,
        batch_number as row_number_in_chain,
        content_hash
    from {{ ref('ml_batches') }}

    union all

    select
        ml_model,
        ml_model || '_predictions' as table_name,
        cast(null as {{ dbt.type_bigint() }}) as row_number_in_chain,
        cast(null as {{ dbt.type_string() }}) as content_hash
    from {{ ref('ml_predictions') }}
),

numbered as (
    select
        *,
        row_number() over (partition by ml_model, table_name order by row_number_in_chain desc) as place
    from chained
),

heads as (
    select
        ml_model,
        table_name,
        count(*) as rows_held,
        max(row_number_in_chain) as head_number,
        max(case when place = 1 then content_hash end) as head_hash
    from numbered
    group by ml_model, table_name
),

problems as (
    select
        ml_model,
        table_name,
        count(*) as problems,
        min(row_name || ': ' || problem) as first_problem
    from {{ ref('ml_integrity') }}
    group by ml_model, table_name
)

select
    coalesce(heads.ml_model, problems.ml_model) as ml_model,
    coalesce(heads.table_name, problems.table_name) as table_name,
    heads.rows_held,
    heads.head_number,
    heads.head_hash,
    coalesce(problems.problems, 0) as problems,
    problems.first_problem
from heads
full outer join problems
    on
        heads.ml_model = problems.ml_model
        and heads.table_name = problems.table_name
order by ml_model, table_name
