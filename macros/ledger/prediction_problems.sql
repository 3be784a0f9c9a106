{#
    What is wrong with the predictions of an ML model: rows whose content is not what was recorded, erased without a
    record of it, or made by a deployment that does not exist; and runs whose rows are not those that were sealed.
    Arguments: ml_model, its name; versions, deployments, predictions and batches, the relations of its nodes.
    Returns: SQL, a select of ml_model, table_name, row_name, problem. No row if a relation does not exist yet.
    Example: {{ ml_ledger.prediction_problems('repurchase', versions, deployments, predictions, batches) }}
#}
{% macro prediction_problems(ml_model, versions, deployments, predictions, batches) -%}
{%- set columns = ml_ledger.hashed_columns(predictions) -%}
{%- if 'content_hash' not in columns or not ml_ledger.hashed_columns(batches)
    or not ml_ledger.hashed_columns(deployments) -%}
{{ ml_ledger.no_problems() }}
{%- else -%}
{%- set content = {} -%}
{%- for column, type in columns.items() if column not in ['content_hash', 'values_salt'] -%}
    {%- do content.update({column: type}) -%}
{%- endfor -%}
select
    '{{ ml_model }}' as ml_model,
    '{{ predictions.identifier }}' as table_name,
    'decision_id ' || coalesce(decision_id, 'NULL') as row_name,
    problem
from (
    {{ ml_ledger.checked_predictions(deployments, predictions, content) | indent(4) }}
) as checked
where problem is not null

union all

select
    '{{ ml_model }}' as ml_model,
    case when batch_number is null then '{{ predictions.identifier }}' else '{{ batches.identifier }}' end as table_name,
    coalesce('batch_number ' || cast(batch_number as {{ dbt.type_string() }}), 'invocation_id ' || coalesce(invocation_id, 'NULL'))
        as row_name,
    problem
from (
    {{ ml_ledger.checked_batches(versions, deployments, predictions, batches) | indent(4) }}
) as checked
where problem is not null
{%- endif -%}
{%- endmacro %}

{#
    Every prediction with what is wrong with it, NULL if nothing is.
    Arguments: deployments and predictions, relations; content, mapping of the columns of predictions that hashes cover.
    Returns: SQL, a select of decision_id and problem.
#}
{% macro checked_predictions(deployments, predictions, content) -%}
with

rehashed as (
    select
        predictions.*,
        case when values_salt is null then values_hash else {{ ml_ledger.values_hash('predictions.', content) }} end
            as rehashed_values
    from {{ predictions }} as predictions
),

erasures as (
    select
        event_number,
        details
    from {{ deployments }}
    where event = 'erased'
),

erased as (
    {{ ml_ledger.unnest_json('erasures', 'details', ['event_number'], {'decision_id': 'varchar'}) | indent(4) }}
)

select
    rehashed.decision_id,
    case
        when coalesce(rehashed.content_hash, '') <> {{ ml_ledger.prediction_hash('rehashed.', content, 'rehashed.rehashed_values') }}
            then 'its content is not what was recorded'
        when rehashed.values_salt is not null and rehashed.values_hash is not null
            then 'it has a values_hash beside the values, which only an erasure writes'
        when rehashed.values_salt is null and erased.decision_id is null
            then 'its values are gone, and no operation recorded that they were erased'
        when rehashed.values_salt is null and coalesce(
            {%- for column in ml_ledger.personal_columns() %}
            cast(rehashed.{{ column }} as {{ dbt.type_string() }}){{ ',' if not loop.last }}
            {%- endfor %}
        ) is not null
            then 'its values were erased and are there again'
        when made_by.deployment_id is null
            then 'it was made by deployment ' || rehashed.deployment_id || ', which does not exist'
    end as problem
from rehashed
left join (select distinct decision_id from erased) as erased
    on rehashed.decision_id = erased.decision_id
left join (select distinct deployment_id from {{ deployments }}) as made_by
    on rehashed.deployment_id = made_by.deployment_id
{%- endmacro %}

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
            then 'its predictions are gone, and no operation recorded that they were removed'
        when hashed_batches.predictions <> batches.predictions
            then 'it sealed ' || cast(batches.predictions as {{ dbt.type_string() }}) || ' predictions, and there are '
                || cast(hashed_batches.predictions as {{ dbt.type_string() }})
        when hashed_batches.predictions_hash <> batches.predictions_hash
            then 'its predictions are not those that were sealed'
        when last_version.content_hash is null
            then 'the last version that it sealed is gone'
        when last_event.content_hash is null
            then 'the last event of deployments that it sealed is gone'
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
