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

-- Where a feature has one slope, the value that was put in place of NULL follows from the coefficients, to rounding.
slopes as (
    select
        ml_model,
        version,
        output,
        term,
        max(slope) as slope,
        max(coalesce(value, 0)) as offset_value,
        max(transform) as scale
    from {{ ref('ml_coefficients') }}
    where applies_to = 'value' and other_feature is null
    group by ml_model, version, output, term
    having count(*) = 1 and max(abs(slope)) > 0 and max(coalesce(transform, 'log1p')) = 'log1p'
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
        case when max(slopes.slope) is null then 'level or bin of training' else 'mean of training' end as filled_with,
        max(case
            when slopes.scale = 'log1p' then exp((terms.value - slopes.offset_value) / slopes.slope) - 1
            else (terms.value - slopes.offset_value) / slopes.slope
        end) as filled_value,
        sum(terms.contribution) as contribution,
        sum(terms.against_average) as against_average,
        sum(abs(terms.against_average)) / nullif(max(pushes.push), 0) as share_of_push
    from terms
    inner join pushes
        on
            terms.decision_id = pushes.decision_id
            and terms.output = pushes.output
    left join slopes
        on
            terms.ml_model = slopes.ml_model
            and terms.version = slopes.version
            and terms.output = slopes.output
            and terms.term = slopes.term
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
