-- Why was it decided so: the reasons in their order, in words; and what is the smallest change of one feature that
-- would have changed the decision?
-- dbt show --limit 50 --select audit_3_why --vars '{entity_id: "1970", as_of: 1998-03-01}'; or decision_id.
{% set decision_id = ml_ledger.asked_decision(ref('ml_predictions')) %}
with

-- Reasons are ranked by how far they push towards the decision: up, down, or away from an average score.
decision as (
    select
        predictions.decision_id,
        predictions.reasons,
        case
            when versions.link = 'distance' then -1
            when predictions.predicted is not null or predictions.score >= predictions.threshold then 1
            when predictions.score < predictions.threshold then -1
        end as direction
    from {{ ref('ml_predictions') }} as predictions
    inner join {{ ref('ml_versions') }} as versions
        on
            predictions.ml_model = versions.ml_model
            and predictions.version = versions.version
    where predictions.decision_id = {{ decision_id }}
),

reasons as (
    {{
        ml_ledger.unnest_json('decision', 'reasons', ['decision_id', 'direction'], {
            'feature': 'varchar', 'contribution': 'double', 'text': 'varchar', 'text_version': 'bigint',
        })
    }}
),

ranked as (
    select
        *,
        row_number() over (order by coalesce(contribution * direction, abs(contribution)) desc) as place
    from reasons
),

changes as (
    select *
    from {{ ref('ml_decision_changes') }}
    where decision_id = {{ decision_id }}
)

select
    coalesce(ranked.decision_id, changes.decision_id) as decision_id,
    ranked.place,
    coalesce(ranked.feature, changes.feature) as feature,
    ranked.contribution,
    ranked.text,
    ranked.text_version,
    changes.feature_value,
    changes.changed_to,
    changes.changed_value,
    changes.distance,
    changes.changed_decision,
    changes.no_change_because
from ranked
full outer join changes
    on ranked.feature = changes.feature
order by coalesce(ranked.place, 1000), changes.feature
