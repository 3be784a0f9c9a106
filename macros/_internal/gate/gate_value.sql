{#
    Common table expressions with the check of the gate on what decisions are worth: per row of the holdout, the
    version's must be worth at least `gate.value_hurdle` more than those of the best baseline, and than acting on nobody
    or on everybody. It is not asked of a declaration without the key.

    Needs the expressions `without_verdict` and `holdout_metrics`.
    Returns: SQL, ending in the expression `value_checks`.
    Example: {{ ml_ledger.gate_value() }}
#}
{% macro gate_value() -%}
{%- set double = ml_ledger.type_double() -%}
hurdles as (
    select
        version,
        cast({{ ml_ledger.json_path('spec', ['gate', 'value_hurdle']) }} as {{ double }}) as hurdle
    from without_verdict
),

least_gains as (
    select
        version,
        min(value) as gain
    from holdout_metrics
    where
        slice = 'all'
        and metric = 'value_gain'
        and (scored_by like 'baseline:%' or scored_by like 'policy:%')
    group by version
),

value_checks as (
    select
        hurdles.version,
        case
            when least_gains.gain is null then 'value over baselines, not measured'
            else 'value over baselines'
        end as check_name,
        least_gains.gain as value,
        hurdles.hurdle as threshold,
        coalesce(least_gains.gain >= hurdles.hurdle, false) as passed
    from hurdles
    left join least_gains
        on hurdles.version = least_gains.version
    where hurdles.hurdle is not null
)
{%- endmacro %}
