{#
    Feedback whose text is not what was hashed, or is missing without a record of its erasure.
    Arguments: ml_model, its name; feedback, predictions and deployments, the relations of its nodes.
    Returns: SQL, a select of ml_model, table_name, row_name, problem. No row if a relation does not exist yet.
    Example: {{ ml_ledger.reason_problems('repurchase', feedback, predictions, deployments) }}
#}
{% macro reason_problems(ml_model, feedback, predictions, deployments) -%}
{%- if 'content_hash' not in ml_ledger.column_types(feedback) or not ml_ledger.column_types(predictions)
    or not ml_ledger.column_types(deployments) -%}
{{ ml_ledger.no_problems() }}
{%- else -%}
select
    '{{ ml_model }}' as ml_model,
    '{{ feedback.identifier }}' as table_name,
    'feedback_number ' || cast(feedback_number as {{ dbt.type_string() }}) as row_name,
    problem
from (
    with

    erasures as (
        select
            event_number,
            details
        from {{ deployments }}
        where event = 'erased'
    ),

    erased as (
        {{ ml_ledger.unnest_json('erasures', 'details', ['event_number'], {'decision_id': 'varchar'}) | indent(8) }}
    )

    select
        feedback.feedback_number,
        case
            when
                feedback.reason_salt is not null
                and coalesce({{ ml_ledger.reason_hash('feedback.') }}, '') <> feedback.reason_hash
                then 'its reason is not what was recorded'
            when feedback.reason_salt is null and feedback.reason is not null
                then 'its reason was erased and is there again'
            when feedback.reason_salt is null and erased.decision_id is null and predictions.decision_id is not null
                then 'its reason is missing, and no operation recorded that it was erased'
        end as problem
    from {{ feedback }} as feedback
    left join (select distinct decision_id from erased) as erased
        on feedback.decision_id = erased.decision_id
    left join {{ predictions }} as predictions
        on feedback.decision_id = predictions.decision_id
) as checked
where problem is not null
{%- endif -%}
{%- endmacro %}
