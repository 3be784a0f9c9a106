{%- set text, whole, moment = dbt.type_string(), dbt.type_bigint(), dbt.type_timestamp() -%}
with

verdicts as (
    {{
        ml_ledger.union_ml_models('deployments', {
            'ml_model': text, 'version': whole, 'verdict': text, 'checks': text, 'recorded_at': moment,
        }) | indent(4)
    }}
),

checks as (
    {{
        ml_ledger.unnest_json('verdicts', 'checks', ['ml_model', 'version', 'verdict', 'recorded_at'], {
            'check_name': 'varchar',
            'value': 'double',
            'threshold': 'double',
            'passed': 'boolean',
        })
    }}
)

select
    ml_model,
    version,
    check_name,
    value,
    threshold,
    passed,
    verdict,
    recorded_at
from checks
