{#
    The contributions of a decision, against an average training row, and the link score of such a row add up to the
    link score that was recorded. Decisions without one, of an earlier ml_ledger, those
    whose values were erased, and versions that are estimators have no contributions and are left out.
    The model is ml_decision_terms. Arguments: decisions, coefficients and versions, relations; tolerance, the largest
    difference allowed, relative to link scores above 1.
#}
{% test contributions_add_up(model, decisions, coefficients, versions, tolerance) %}
with

intercepts as (
    select
        ml_model,
        version,
        output,
        term,
        max(case when applies_to = 'intercept' then value else reference end) as part
    from {{ coefficients }}
    group by ml_model, version, output, term
),

bases as (
    select
        ml_model,
        version,
        output,
        sum(part) as base
    from intercepts
    group by ml_model, version, output
),

explained as (
    select
        decision_id,
        ml_model,
        version,
        output,
        sum(case when term > 0 then against_average else 0 end) as contributions
    from {{ model }}
    group by decision_id, ml_model, version, output
)

select
    decisions.decision_id,
    decisions.link_score,
    bases.base,
    explained.contributions
from {{ decisions }} as decisions
left join explained
    on
        decisions.decision_id = explained.decision_id
        and explained.output = coalesce(decisions.predicted, 'score')
left join bases
    on
        explained.ml_model = bases.ml_model
        and explained.version = bases.version
        and explained.output = bases.output
left join {{ versions }} as versions
    on
        decisions.ml_model = versions.ml_model
        and decisions.version = versions.version
where
    decisions.status = 'scored'
    and decisions.link_score is not null
    and decisions.features is not null
    and versions.estimator_sha256 is null
    and not coalesce(
        abs(decisions.link_score - bases.base - explained.contributions)
        <= {{ tolerance }} * greatest(1, abs(decisions.link_score)),
        false
    )
{% endtest %}
