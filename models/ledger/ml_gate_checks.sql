with

verdicts as (
    select
        ml_model,
        version,
        event as verdict,
        checks,
        recorded_at
    from {{ ref('ml_deployment_events') }}
    where operation = 'gate'
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
    version = max(version) over (partition by ml_model) as is_newest,
    recorded_at
from checks
