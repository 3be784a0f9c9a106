{#
    Every run that appended predictions, and every batch, with what is wrong with it, NULL if nothing is.
    Arguments: versions, deployments, predictions and batches, relations.
    Returns: SQL, a select of batch_number, invocation_id and problem.
#}
{% macro checked_batches(versions, deployments, predictions, batches) -%}
with

{{ ml_ledger.hashed_batches(predictions) }},

removals as (
    select
        event_number,
        details
    from {{ deployments }}
    where event = 'removed'
),

removed as (
    {{ ml_ledger.unnest_json('removals', 'details', ['event_number'], {'batch_number': 'bigint'}) | indent(4) }}
)

select
    batches.batch_number,
    coalesce(batches.predicted_by, hashed_batches.invocation_id) as invocation_id,
    case
        when batches.batch_number is null
            then cast(hashed_batches.predictions as {{ dbt.type_string() }})
                || ' predictions of this run are not sealed: the next dbt build seals them, if it was stopped'
        when hashed_batches.invocation_id is null and removed.batch_number is null
            then 'its predictions are missing, and no operation recorded that they were removed'
        when hashed_batches.predictions <> batches.predictions
            then 'it sealed ' || cast(batches.predictions as {{ dbt.type_string() }}) || ' predictions, and there are '
                || cast(hashed_batches.predictions as {{ dbt.type_string() }})
        when hashed_batches.predictions_hash <> batches.predictions_hash
            then 'its predictions are not those that were sealed'
        when last_version.content_hash is null
            then 'the last version that it sealed is missing'
        when last_event.content_hash is null
            then 'the last event of deployments that it sealed is missing'
    end as problem
from {{ batches }} as batches
full outer join hashed_batches
    on batches.predicted_by = hashed_batches.invocation_id
left join (select distinct batch_number from removed) as removed
    on batches.batch_number = removed.batch_number
left join (select distinct content_hash from {{ versions }}) as last_version
    on batches.last_version_hash = last_version.content_hash
left join (select distinct content_hash from {{ deployments }}) as last_event
    on batches.last_event_hash = last_event.content_hash
{%- endmacro %}
