-- Computed again from its coefficients: what did each input add, and is the sum the score that was recorded?
-- dbt show --limit 50 --select audit_2_recomputed --vars '{entity_id: "1970", as_of: 1998-03-01}'; or decision_id.
{% set decision_id = ml_ledger.asked_decision(ref('ml_predictions')) %}
with

terms as (
    select *
    from {{ ref('ml_decision_terms') }}
    where decision_id = {{ decision_id }}
),

replay as (
    select *
    from {{ ref('ml_decision_replay') }}
    where decision_id = {{ decision_id }}
)

select
    replay.decision_id,
    replay.version,
    terms.output,
    terms.term,
    terms.feature,
    terms.applies_to,
    terms.feature_value,
    terms.other_feature,
    terms.other_value,
    terms.slope,
    terms.transform,
    terms.value,
    terms.contribution,
    sum(terms.contribution) over (partition by terms.output order by terms.term) as sum_so_far,
    replay.link_score,
    replay.replayed_link_score,
    replay.score,
    replay.replayed_score,
    replay.difference,
    replay.decision,
    replay.replayed_decision,
    replay.replayable
from replay
left join terms
    on replay.decision_id = terms.decision_id
order by terms.output, terms.term
