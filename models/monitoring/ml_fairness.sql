-- noqa: disable=LT02,LT05,RF04
{% set rates = ['selection_rate', 'true_positive_rate', 'false_positive_rate', 'calibration_gap'] -%}
{%- set ratios = ['selection_rate_ratio', 'true_positive_rate_ratio', 'false_positive_rate_ratio'] -%}
{%- set minima = [] -%}
{%- for name in ml_ledger.ml_model_names(declaring='fairness') -%}
    {%- set fairness = ml_ledger.ml_model_spec(name).fairness -%}
    {%- do minima.append({'ml_model': name, 'minimum_group': fairness.minimum_group}) -%}
{%- endfor -%}
with

minima as (
    {{
        ml_ledger.declared_rows({
            'ml_model': dbt.type_string(),
            'minimum_group': dbt.type_bigint(),
        }, minima) | indent(4)
    }}
),

measured as (
    select
        performance.ml_model,
        performance.version,
        performance.slot,
        performance.period_start,
        performance.slice,
        performance.metric,
        performance.value,
        performance.ci_low,
        performance.ci_high,
        performance.n,
        minima.minimum_group,
        {{ dbt.position("' = '", 'performance.slice') }} as equals_at
    from {{ ref('ml_performance') }} as performance
    inner join minima
        on performance.ml_model = minima.ml_model
    where
        performance.kind = 'realised'
        and performance.scored_by = 'self'
        and performance.metric in ('group_size', '{{ (rates + ratios) | join("', '") }}')
)

select
    ml_model,
    version,
    slot,
    period_start,
    substr(slice, 1, equals_at - 1) as attribute,
    substr(slice, equals_at + 3) as group_name,
    max(case when metric = 'group_size' then n end) as n,
    max(case when metric = 'group_size' then n end) < minimum_group as is_too_small
    {%- for metric in rates %},
    max(case when metric = '{{ metric }}' then value end) as {{ metric }},
    max(case when metric = '{{ metric }}' then ci_low end) as {{ metric }}_low,
    max(case when metric = '{{ metric }}' then ci_high end) as {{ metric }}_high
    {%- endfor %}
    {%- for metric in ratios %},
    max(case when metric = '{{ metric }}' then value end) as {{ metric }},
    max(case when metric = '{{ metric }}' then ci_low end) as {{ metric }}_low,
    max(case when metric = '{{ metric }}' then ci_high end) as {{ metric }}_high
    {%- endfor %}
from measured
group by ml_model, version, slot, period_start, slice, equals_at, minimum_group
