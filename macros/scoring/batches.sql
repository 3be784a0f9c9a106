{#
    The batches of an ML model: one row per run that appended predictions, with a hash over all of them, appended and
    chained. It seals the heads of the other two chains as well, so that the last version or deployment cannot vanish.
    Rows of a run that was stopped before they were sealed are sealed by the next run.

    Arguments: ml_model, its name; predictions, versions and deployments, the relations of its nodes.
    Returns: SQL, and configures the dbt model: incremental, append, full_refresh false.
    Example: see models/repurchase/scoring/repurchase_batches.sql
#}
{% macro batches(ml_model, predictions=none, versions=none, deployments=none) %}
{%- do ml_ledger.appended() -%}
{%- set predictions = ml_ledger.own_node(predictions, ml_model, 'predictions') -%}
{%- set versions = ml_ledger.own_node(versions, ml_model, 'versions') -%}
{%- set deployments = ml_ledger.own_node(deployments, ml_model, 'deployments') -%}
{%- if execute -%}
{{ ml_ledger.batches_query(ml_model, predictions, versions, deployments) }}
{%- endif -%}
{% endmacro %}

{#
    The batches that `batches` appends.
    Arguments: as of `batches`.
    Returns: SQL.
#}
{% macro batches_query(ml_model, predictions, versions, deployments) %}
{%- set text, whole, moment = dbt.type_string(), dbt.type_bigint(), dbt.type_timestamp() -%}
{%- set so_far = ml_ledger.rows_so_far() if is_incremental() else none -%}
with recursive

{{ ml_ledger.chain_head('batch_number', so_far) }},

unsealed as (
    select
        invocation_id,
        decided_at,
        recorded_at,
        content_hash
    from {{ predictions }} as predictions
    {%- if so_far is not none %}
    where not exists (
        select 1
        from {{ so_far }} as so_far
        where so_far.predicted_by = predictions.invocation_id
    )
    {%- endif %}
),

{{ ml_ledger.hashed_batches('unsealed') }},

runs as (
    select
        invocation_id,
        min(decided_at) as decided_at,
        row_number() over (order by min(recorded_at), invocation_id) as place
    from unsealed
    group by invocation_id
),

sealed as (
    select
        '{{ ml_model }}' as ml_model,
        cast(head.last_number + runs.place as {{ whole }}) as batch_number,
        runs.invocation_id as predicted_by,
        cast(hashed_batches.predictions as {{ whole }}) as predictions,
        hashed_batches.predictions_hash,
        runs.decided_at,
        (
            select content_hash from {{ versions }}
            where version = (select max(version) from {{ versions }})
        ) as last_version_hash,
        (
            select content_hash from {{ deployments }}
            where event_number = (select max(event_number) from {{ deployments }})
        ) as last_event_hash,
        {{ ml_ledger.wall_clock() }} as recorded_at,
        '{{ invocation_id }}' as invocation_id
    from runs
    inner join hashed_batches
        on runs.invocation_id = hashed_batches.invocation_id
    cross join head
),

{{ ml_ledger.chained('sealed', ml_ledger.batch_columns(), 'batch_number', so_far) }}

select * from chained
{% endmacro %}
