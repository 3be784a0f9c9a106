{%- set double = ml_ledger.type_double() -%}
with

predictions as (
    select * from {{ ref('ml_predictions') }}
),

coefficients as (
    select * from {{ ref('ml_coefficients') }}
),

-- Every decision beside every row of the version that made it, with the input as it was scored.
inputs as (
    select
        predictions.decision_id,
        coefficients.*,
        {{ ml_ledger.json_value('predictions.features', 'coefficients.feature') }} as feature_text
    from predictions
    inner join coefficients
        on
            predictions.ml_model = coefficients.ml_model
            and predictions.version = coefficients.version
),

numbers as (
    select
        *,
        cast(feature_text as {{ double }}) as feature_value
    from inputs
),

-- Of every term, the one row that matches.
matching as (
    select *
    from numbers
    where
        applies_to = 'intercept'
        or (applies_to = 'missing' and feature_value is null)
        or (
            applies_to = 'value'
            and feature_value is not null
            and (lower_bound is null or feature_value >= lower_bound)
            and (upper_bound is null or feature_value < upper_bound)
        )
),

terms as (
    select
        decision_id,
        ml_model,
        version,
        term,
        feature,
        applies_to,
        feature_value,
        slope,
        value,
        coalesce(value, 0) + coalesce(slope * feature_value, 0) as contribution,
        coalesce(value, 0) + coalesce(slope * feature_value, 0) - reference as against_average
    from matching
)

select * from terms
