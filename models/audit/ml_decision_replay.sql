{%- set double = ml_ledger.type_double() -%}
with

predictions as (
    select * from {{ ref('ml_predictions') }}
),

versions as (
    select * from {{ ref('ml_versions') }}
),

coefficients as (
    select * from {{ ref('ml_coefficients') }}
),

terms_of_version as (
    select
        ml_model,
        version,
        count(distinct term) as terms
    from coefficients
    group by ml_model, version
),

-- Every decision beside every row of the version that made it, with the input as it was scored.
inputs as (
    select
        predictions.decision_id,
        coefficients.term,
        coefficients.applies_to,
        coefficients.lower_bound,
        coefficients.upper_bound,
        coalesce(coefficients.slope, 0) as slope,
        coalesce(coefficients.value, 0) as addend,
        cast({{ ml_ledger.json_value('predictions.features', 'coefficients.feature') }} as {{ double }}) as x
    from predictions
    inner join coefficients
        on
            predictions.ml_model = coefficients.ml_model
            and predictions.version = coefficients.version
),

contributions as (
    select
        decision_id,
        term,
        case when applies_to = 'value' then addend + slope * x else addend end as contribution
    from inputs
    where
        applies_to = 'intercept'
        or (applies_to = 'missing' and x is null)
        or (
            applies_to = 'value'
            and x is not null
            and (lower_bound is null or x >= lower_bound)
            and (upper_bound is null or x < upper_bound)
        )
),

links as (
    select
        decision_id,
        count(*) as terms,
        sum(contribution) as link_score
    from contributions
    group by decision_id
),

-- A term without a matching row leaves the decision unscored.
scores as (
    select
        predictions.decision_id,
        predictions.ml_model,
        predictions.version,
        predictions.decided_at,
        predictions.status,
        predictions.score,
        predictions.threshold,
        predictions.decision,
        case
            when links.terms = terms_of_version.terms and versions.link = 'logit'
                then 1 / (1 + exp(-links.link_score))
            when links.terms = terms_of_version.terms
                then links.link_score
        end as replayed_score,
        versions.spec
    from predictions
    left join links
        on predictions.decision_id = links.decision_id
    left join versions
        on
            predictions.ml_model = versions.ml_model
            and predictions.version = versions.version
    left join terms_of_version
        on
            predictions.ml_model = terms_of_version.ml_model
            and predictions.version = terms_of_version.version
)

select
    decision_id,
    ml_model,
    version,
    decided_at,
    status,
    score,
    replayed_score,
    abs(score - replayed_score) as difference,
    decision,
    case
        when replayed_score >= threshold then {{ ml_ledger.json_path('spec', ['decision', 'positive']) }}
        when replayed_score < threshold then {{ ml_ledger.json_path('spec', ['decision', 'negative']) }}
        else {{ ml_ledger.json_path('spec', ['decision', 'fallback']) }}
    end as replayed_decision
from scores
