{#
    What is wrong with the predictions of an ML model: rows whose content is not what was recorded, erased without a
    record of it, or made by a deployment that does not exist; and runs whose rows are not those that were sealed.
    Arguments: ml_model, its name; versions, deployments, predictions and batches, the relations of its nodes.
    Returns: SQL, a select of ml_model, table_name, row_name, problem. No row if a relation does not exist yet.
    Example: {{ ml_ledger.prediction_problems('repurchase', versions, deployments, predictions, batches) }}
#}
{% macro prediction_problems(ml_model, versions, deployments, predictions, batches) -%}
{%- set columns = ml_ledger.column_types(predictions) -%}
{%- if 'content_hash' not in columns or not ml_ledger.column_types(batches)
    or not ml_ledger.column_types(deployments) -%}
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
    case
        when batch_number is null then '{{ predictions.identifier }}'
        else '{{ batches.identifier }}'
    end as table_name,
    coalesce(
        'batch_number ' || cast(batch_number as {{ dbt.type_string() }}),
        'invocation_id ' || coalesce(invocation_id, 'NULL')
    )
        as row_name,
    problem
from (
    {{ ml_ledger.checked_batches(versions, deployments, predictions, batches) | indent(4) }}
) as checked
where problem is not null
{%- endif -%}
{%- endmacro %}
