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
)

select
    ml_model,
    version,
    output,
    term,
    feature,
    applies_to,
    level,
    lower as lower_bound,
    upper as upper_bound,
    slope,
    transform,
    value,
    std_error,
    statistic,
    p_value,
    ci_low,
    ci_high,
    reference,
    points,
    expression,
    other_feature,
    other_applies_to,
    other_level,
    other_lower as other_lower_bound,
    other_upper as other_upper_bound
from coefficients
