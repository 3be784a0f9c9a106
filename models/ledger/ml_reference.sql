{%- set text, whole = dbt.type_string(), dbt.type_bigint() -%}
with

versions as (
    {{
        ml_ledger.union_ml_models('versions', {
            'ml_model': text, 'version': whole, 'reference': text,
        }) | indent(4)
    }}
),

statistics as (
    {{
        ml_ledger.unnest_json('versions', 'reference', ['ml_model', 'version'], {
            'part': 'varchar',
            'feature': 'varchar',
            'statistic': 'varchar',
            'value': 'double',
            'lower': 'double',
            'upper': 'double',
            'level': 'varchar',
        })
    }}
)

select
    ml_model,
    version,
    part,
    feature,
    statistic,
    lower as lower_bound,
    upper as upper_bound,
    level,
    value
from statistics
