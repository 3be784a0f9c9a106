-- From a decision to its version, coefficients, inputs and metrics: one row per term, with what it contributed.
{% set decision_id = var('decision_id', none) %}
with

decision as (
    select *
    from {{ ref('ml_decision_audit') }}
    {% if decision_id -%}
    where decision_id = '{{ decision_id }}'
    {%- else -%}
    order by decision_id
    {%- endif %}
    limit 1
),

terms as (
    select
        decision.*,
        coefficients.term,
        coefficients.feature,
        coefficients.applies_to,
        coefficients.slope,
        coefficients.value,
        coefficients.reference,
        cast(
            {{ ml_ledger.json_value('decision.features', 'coefficients.feature') }} as {{ ml_ledger.type_double() }}
        ) as input
    from decision
    inner join {{ ref('ml_coefficients') }} as coefficients
        on
            decision.ml_model = coefficients.ml_model
            and decision.version = coefficients.version
)

select
    decision_id,
    entity_id,
    as_of,
    decided_at,
    decision,
    score,
    threshold,
    version,
    algorithm,
    trained_at,
    deployed_at,
    deployed_by,
    holdout_roc_auc,
    holdout_log_loss,
    feature,
    input,
    slope,
    value,
    coalesce(value, 0) + coalesce(slope * input, 0) as contribution,
    coalesce(value, 0) + coalesce(slope * input, 0) - reference as against_average
from terms
where
    applies_to = 'intercept'
    or (applies_to = 'value' and input is not null)
    or (applies_to = 'missing' and input is null)
order by term
