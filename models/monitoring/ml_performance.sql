{%- set text, whole, double = dbt.type_string(), dbt.type_bigint(), ml_ledger.type_double() -%}
{%- set tasks = ['binary', 'multiclass', 'regression'] -%}
with

measured as (
    {{
        ml_ledger.union_ml_models('performance', {
            'ml_model': text,
            'version': whole,
            'slot': text,
            'period_start': dbt.type_timestamp(),
            'kind': text,
            'slice': text,
            'scored_by': text,
            'metric': text,
            'value': double,
            'ci_low': double,
            'ci_high': double,
            'n': whole,
            'decisions': whole,
            'matured': whole,
        }, tasks, declaring='monitoring', conditions=ml_ledger.declared_period()) | indent(4)
    }}
),

estimated as (
    select *
    from measured
    where kind = 'estimated'
)

select
    measured.ml_model,
    measured.version,
    measured.slot,
    measured.period_start,
    measured.kind,
    measured.slice,
    measured.scored_by,
    measured.metric,
    measured.value,
    measured.ci_low,
    measured.ci_high,
    measured.n,
    measured.decisions,
    measured.matured,
    estimated.value as expected_value,
    estimated.ci_low as expected_low,
    estimated.ci_high as expected_high,
    case
        when measured.matured = measured.decisions
            then measured.value >= estimated.ci_low and measured.value <= estimated.ci_high
    end as as_expected
from measured
left join estimated
    on
        measured.kind = 'realised'
        and measured.ml_model = estimated.ml_model
        and measured.version = estimated.version
        and measured.slot = estimated.slot
        and measured.period_start = estimated.period_start
        and measured.slice = estimated.slice
        and measured.scored_by = estimated.scored_by
        and measured.metric = estimated.metric
