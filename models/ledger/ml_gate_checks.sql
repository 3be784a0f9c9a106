with

verdicts as (
    select
        ml_model,
        version,
        event as verdict,
        checks,
        details,
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
),

questions as (
    {{
        ml_ledger.unnest_json('verdicts', 'details', ['ml_model', 'version'], {
            'check_name': 'varchar',
            'question': 'varchar',
        })
    }}
)

select
    checks.ml_model,
    checks.version,
    checks.check_name,
    checks.value,
    checks.threshold,
    checks.passed,
    questions.question,
    checks.verdict,
    checks.version = max(checks.version) over (partition by checks.ml_model) as is_newest,
    checks.recorded_at
from checks
left join questions
    on
        checks.ml_model = questions.ml_model
        and checks.version = questions.version
        and checks.check_name = questions.check_name
