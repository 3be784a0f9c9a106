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
        when coalesce(rehashed.content_hash, '')
            <> {{ ml_ledger.prediction_hash('rehashed.', content, 'rehashed.rehashed_values') }}
            then 'its content is not what was recorded'
        when rehashed.values_salt is not null and rehashed.values_hash is not null
            then 'it has a values_hash beside the values, which only an erasure writes'
        when rehashed.values_salt is null and erased.decision_id is null
            then 'its values are missing, and no operation recorded that they were erased'
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
