{%- set text, double = dbt.type_string(), ml_ledger.type_double() -%}
with

filled as (
    select
        decision_id,
        entity_id,
        as_of,
        slot,
        ', ' || imputed_features || ',' as filled_names
    from {{ ref('ml_predictions') }}
    where imputed_features <> ''
),

-- Whatever is a coefficient: the intercept pushes no decision away from the average.
terms as (
    select
        filled.entity_id,
        filled.as_of,
        filled.slot,
        terms.*,
        case
            when
                terms.applies_to = 'missing'
                and {{ dbt.position("', ' || terms.feature || ','", 'filled.filled_names') }} > 0
                then terms.feature
            when
                terms.other_applies_to = 'missing'
                and {{ dbt.position("', ' || terms.other_feature || ','", 'filled.filled_names') }} > 0
                then terms.other_feature
        end as filled_feature
    from {{ ref('ml_decision_terms') }} as terms
    inner join filled
        on terms.decision_id = filled.decision_id
    where terms.term > 0
),

pushes as (
    select
        decision_id,
        output,
        sum(abs(against_average)) as push
    from terms
    group by decision_id, output
),

-- What was put in place of NULL follows from the coefficients, to rounding: the value at which a slope gives as much.
solutions as (
    select
        missing.ml_model,
        missing.version,
        missing.output,
        missing.term,
        slopes.lower_bound,
        slopes.upper_bound,
        case
            when slopes.transform = 'log1p' then exp((missing.value - coalesce(slopes.value, 0)) / slopes.slope) - 1
            else (missing.value - coalesce(slopes.value, 0)) / slopes.slope
        end as solution
    from {{ ref('ml_coefficients') }} as missing
    inner join {{ ref('ml_coefficients') }} as slopes
        on
            missing.ml_model = slopes.ml_model
            and missing.version = slopes.version
            and missing.output = slopes.output
            and missing.term = slopes.term
    where
        missing.applies_to = 'missing'
        and slopes.applies_to = 'value'
        and abs(slopes.slope) > 0
        and coalesce(slopes.transform, 'log1p') = 'log1p'
        and missing.other_feature is null
),

filled_values as (
    select
        ml_model,
        version,
        output,
        term,
        case when count(*) = 1 then max(solution) end as filled_value
    from solutions
    where
        (lower_bound is null or solution >= lower_bound)
        and (upper_bound is null or solution < upper_bound)
    group by ml_model, version, output, term
),

imputations as (
    select
        terms.decision_id,
        terms.ml_model,
        terms.version,
        terms.entity_id,
        terms.as_of,
        terms.slot,
        terms.output,
        terms.filled_feature as feature,
        case
            when max(filled_values.filled_value) is null then 'level or bin of training'
            else 'mean of training'
        end as filled_with,
        max(filled_values.filled_value) as filled_value,
        sum(terms.contribution) as contribution,
        sum(terms.against_average) as against_average,
        sum(abs(terms.against_average)) / nullif(max(pushes.push), 0) as share_of_push
    from terms
    inner join pushes
        on
            terms.decision_id = pushes.decision_id
            and terms.output = pushes.output
    left join filled_values
        on
            terms.ml_model = filled_values.ml_model
            and terms.version = filled_values.version
            and terms.output = filled_values.output
            and terms.term = filled_values.term
            and terms.other_feature is null
    where terms.filled_feature is not null
    group by
        terms.decision_id,
        terms.ml_model,
        terms.version,
        terms.entity_id,
        terms.as_of,
        terms.slot,
        terms.output,
        terms.filled_feature
)

select
    decision_id,
    ml_model,
    version,
    entity_id,
    as_of,
    slot,
    output,
    feature,
    cast(filled_with as {{ text }}) as filled_with,
    cast(filled_value as {{ double }}) as filled_value,
    contribution,
    against_average,
    share_of_push
from imputations
