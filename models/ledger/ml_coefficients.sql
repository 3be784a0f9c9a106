{%- set text, whole = dbt.type_string(), dbt.type_bigint() -%}
with

versions as (
    {{
        ml_ledger.union_ml_models('versions', {
            'ml_model': text, 'version': whole, 'coefficients': text,
        }) | indent(4)
    }}
),

coefficients as (
    {{
        ml_ledger.unnest_json('versions', 'coefficients', ['ml_model', 'version'], {
            'output': 'varchar',
            'term': 'bigint',
            'feature': 'varchar',
            'applies_to': 'varchar',
            'level': 'varchar',
            'lower': 'double',
            'upper': 'double',
            'slope': 'double',
            'transform': 'varchar',
            'value': 'double',
            'std_error': 'double',
            'statistic': 'double',
            'p_value': 'double',
            'ci_low': 'double',
            'ci_high': 'double',
            'reference': 'double',
            'points': 'double',
            'expression': 'varchar',
            'other_feature': 'varchar',
            'other_applies_to': 'varchar',
            'other_level': 'varchar',
            'other_lower': 'double',
            'other_upper': 'double',
        })
    }}
),

-- Of the training rows of versions that keep how these looked.
deviations as (
    select
        ml_model,
        version,
        feature,
        value as standard_deviation
    from {{ ref('ml_reference') }}
    where part = 'feature' and statistic = 'standard_deviation'
),

-- A term's mean contribution stands on each of its rows.
means as (
    select
        ml_model,
        version,
        output,
        sum(reference) as mean_contribution
    from (
        select distinct
            ml_model,
            version,
            output,
            term,
            reference
        from coefficients
    ) as terms
    group by ml_model, version, output
)

select
    coefficients.ml_model,
    coefficients.version,
    coefficients.output,
    coefficients.term,
    coefficients.feature,
    coefficients.applies_to,
    coefficients.level,
    coefficients.lower as lower_bound,
    coefficients.upper as upper_bound,
    coefficients.slope,
    coefficients.transform,
    coefficients.value,
    coefficients.std_error,
    coefficients.statistic,
    coefficients.p_value,
    coefficients.ci_low,
    coefficients.ci_high,
    coefficients.reference,
    coefficients.points,
    coefficients.expression,
    coefficients.other_feature,
    coefficients.other_applies_to,
    coefficients.other_level,
    coefficients.other_lower as other_lower_bound,
    coefficients.other_upper as other_upper_bound,
    case
        when coefficients.applies_to = 'value' and coefficients.transform is null and coefficients.other_feature is null
            then coefficients.slope * deviations.standard_deviation
    end as slope_per_deviation,
    case
        when coefficients.applies_to = 'intercept' then coalesce(coefficients.value, 0) + means.mean_contribution
    end as centred_intercept
from coefficients
inner join means
    on
        coefficients.ml_model = means.ml_model
        and coefficients.version = means.version
        and coefficients.output = means.output
left join deviations
    on
        coefficients.ml_model = deviations.ml_model
        and coefficients.version = deviations.version
        and coefficients.feature = deviations.feature
