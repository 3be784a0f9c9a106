{#
    The latest word of each reviewer on the label of each decision. Who agrees with a decision of the policy says that
    its side of the threshold, or its class, is right; of a fallback that says nothing about the label.
    Arguments: feedback and predictions, relations of the nodes of one ML model, or over all; at, SQL of a timestamp:
    what was given later does not count; none for all.
    Returns: SQL, a select of ml_model, task, conflict, decision_id, reviewer, verdict, given_at, feedback_number, and
    first_place (1 for the reviewer who spoke first).
    Example: {{ ml_ledger.reviewer_opinions(ref('ml_feedback'), ref('ml_predictions')) }}
#}
{% macro reviewer_opinions(feedback, predictions, at=none) -%}
select
    ml_model,
    task,
    conflict,
    decision_id,
    reviewer,
    verdict,
    given_at,
    feedback_number,
    first_place
from (
    select
        words.*,
        min(place) over (partition by ml_model, decision_id, reviewer) as first_place,
        row_number() over (partition by ml_model, decision_id, reviewer order by place desc) as age
    from (
        select
            given.*,
            row_number() over (partition by ml_model, decision_id order by given_at, feedback_number) as place
        from (
            select
                settings.ml_model,
                settings.task,
                settings.conflict,
                feedback.decision_id,
                feedback.reviewer,
                feedback.given_at,
                feedback.feedback_number,
                case
                    when feedback.kind <> 'agree' then feedback.verdict
                    when predictions.decision_source <> 'policy' then null
                    when settings.task = 'multiclass' then predictions.predicted
                    when settings.task = 'binary' and predictions.score >= predictions.threshold then '1'
                    when settings.task = 'binary' and predictions.score < predictions.threshold then '0'
                end as verdict
            from {{ feedback }} as feedback
            inner join (
                {{ ml_ledger.review_settings() | indent(16) }}
            ) as settings
                on feedback.ml_model = settings.ml_model
            left join {{ predictions }} as predictions
                on
                    feedback.decision_id = predictions.decision_id
                    and feedback.ml_model = predictions.ml_model
            {%- if at is not none %}
            where feedback.given_at <= {{ at }}
            {%- endif %}
        ) as given
        where verdict is not null
    ) as words
) as aged
where age = 1
{%- endmacro %}
