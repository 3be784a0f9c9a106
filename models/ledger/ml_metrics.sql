{%- set text, whole = dbt.type_string(), dbt.type_bigint() -%}
with

versions as (
    {{
        ml_ledger.union_ml_models('versions', {
            'ml_model': text, 'version': whole, 'metrics': text,
        }) | indent(4)
    }}
),

metrics as (
    {{
        ml_ledger.unnest_json('versions', 'metrics', ['ml_model', 'version'], {
            'dataset': 'varchar',
            'slice': 'varchar',
            'scored_by': 'varchar',
            'metric': 'varchar',
            'value': 'double',
            'ci_low': 'double',
            'ci_high': 'double',
            'n': 'bigint',
        })
    }}
)

select
    ml_model,
    version,
    dataset,
    slice,
    scored_by,
    metric,
    value,
    ci_low,
    ci_high,
    n
from metrics
