-- noqa: disable=RF04
{% set text, units = dbt.type_string(), [] -%}
{%- for name in ml_ledger.ml_model_names(declaring='value') -%}
    {%- do units.append({'ml_model': name, 'unit': ml_ledger.ml_model_spec(name).value.unit}) -%}
{%- endfor -%}
with

units as (
    {{ ml_ledger.declared_rows({'ml_model': text, 'unit': text}, units) | indent(4) }}
),

measured as (
    select
        performance.ml_model,
        performance.version,
        performance.slot,
        performance.period_start,
        performance.kind,
        performance.scored_by,
        performance.metric,
        performance.value,
        performance.ci_low,
        performance.ci_high,
        performance.n,
        performance.decisions,
        performance.matured,
        units.unit
    from {{ ref('ml_performance') }} as performance
    inner join units
        on performance.ml_model = units.ml_model
    where
        performance.slice = 'all'
        and performance.metric in ('value', 'value_per_row', 'value_gain')
),

-- Per row; the rows that both score are as many as the gain has.
scorers as (
    select
        ml_model,
        version,
        slot,
        period_start,
        kind,
        scored_by,
        unit,
        decisions,
        matured,
        max(case when metric = 'value' then value end) as value,
        max(case when metric = 'value' then ci_low end) as ci_low,
        max(case when metric = 'value' then ci_high end) as ci_high,
        max(case when metric = 'value_per_row' then value end) as value_per_row,
        max(case when metric = 'value_per_row' then ci_low end) as per_row_low,
        max(case when metric = 'value_per_row' then ci_high end) as per_row_high,
        max(case when metric = 'value_per_row' then n end) as n,
        max(case when metric = 'value_gain' then value * n end) as version_gains,
        max(case when metric = 'value_gain' then ci_low * n end) as version_gains_low,
        max(case when metric = 'value_gain' then ci_high * n end) as version_gains_high
    from measured
    group by ml_model, version, slot, period_start, kind, scored_by, unit, decisions, matured
),

least_gains as (
    select
        ml_model,
        version,
        slot,
        period_start,
        kind,
        min(case when scored_by like 'baseline:%' then version_gains end) as against_best_baseline,
        min(case when scored_by like 'policy:%' then version_gains end) as against_no_model
    from scorers
    group by ml_model, version, slot, period_start, kind
)

select
    scorers.ml_model,
    scorers.version,
    scorers.slot,
    scorers.period_start,
    scorers.kind,
    scorers.scored_by,
    scorers.unit,
    scorers.value,
    scorers.ci_low,
    scorers.ci_high,
    scorers.value_per_row,
    scorers.per_row_low,
    scorers.per_row_high,
    scorers.n,
    scorers.decisions,
    scorers.matured,
    scorers.version_gains,
    scorers.version_gains_low,
    scorers.version_gains_high,
    case when scorers.scored_by = 'self' then least_gains.against_best_baseline end as against_best_baseline,
    case when scorers.scored_by = 'self' then least_gains.against_no_model end as against_no_model
from scorers
left join least_gains
    on
        scorers.ml_model = least_gains.ml_model
        and coalesce(scorers.version, 0) = coalesce(least_gains.version, 0)
        and scorers.slot = least_gains.slot
        and scorers.period_start = least_gains.period_start
        and scorers.kind = least_gains.kind
