-- Which decisions would differ under another version? By the version that decided and the other one, how many, and how
-- far scores move on average; with `version`, the decisions that differ under that one; with `decision_id` or
-- `entity_id`, one decision under every version.
-- dbt show --limit 50 --select audit_4_under_other_versions --vars '{ml_model: repurchase, version: 2}'
{% set ml_model, version = ml_ledger.asked_ml_model(), var('version', none) %}
{% set asks_for_one = var('decision_id', none) is not none or var('entity_id', none) is not none %}
with

under_versions as (
    {{
        ml_ledger.decisions_under_versions(
            ml_model=ml_model,
            versions=ref('ml_versions'),
            predictions=ref('ml_predictions'),
            numbers=none if version is none else [version | int],
            where='decision_id = ' ~ ml_ledger.asked_decision(ref('ml_predictions')) if asks_for_one else none,
        ) | indent(4)
    }}
)

{% if asks_for_one or version is not none %}
    select
        decision_id,
        decided_by_version,
        decision_source,
        recorded_score,
        recorded_decision,
        version,
        score,
        predicted,
        decision,
        differs,
        not_computed_because
    from under_versions
    where {{ '1 = 1' if asks_for_one else 'differs' }}
    order by decision_id, version
{% else %}
    select
        decided_by_version,
        version,
        count(*) as decisions,
        count(score) as scored,
        count(case when differs then 1 end) as differ,
        avg(score - recorded_score) as mean_score_change,
        max(abs(score - recorded_score)) as largest_score_change,
        min(not_computed_because) as not_computed_because
    from under_versions
    group by decided_by_version, version
    order by decided_by_version, version
{% endif %}
