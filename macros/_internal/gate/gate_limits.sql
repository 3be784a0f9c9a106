{#
    Common table expressions with the checks of the gate that hold a metric of the version, on the holdout, to a limit:
    the calibration error or the bias of the whole, and every limit of a declared slice. A slice without a row in the
    holdout has nothing that could be measured, which fails, and the name of the check says so.

    Needs the expressions `without_verdict` and `holdout_metrics`.
    Returns: SQL, ending in the expression `limit_checks`.
    Example: {{ ml_ledger.gate_limits() }}
#}
{% macro gate_limits() -%}
{%- set double, text = ml_ledger.type_double(), dbt.type_string() -%}
{%- set of_gate = {'maximum_calibration_error': 'calibration_error', 'maximum_bias': 'bias'} -%}
slices as (
    {{ ml_ledger.unnest_json_object(
        'without_verdict', ml_ledger.json_path('spec', ['slices']), ['version'], key='slice', value='declared'
    ) | indent(4) }}
),

limits_of_slices as (
    {{ ml_ledger.unnest_json_object(
        'slices', ml_ledger.json_path('declared', ['limits']), ['version', 'slice'], key='metric', value='threshold'
    ) | indent(4) }}
),

limits as (
    select
        version,
        slice,
        metric,
        cast(threshold as {{ double }}) as threshold,
        metric in ('{{ ml_ledger.at_least_metrics() | join("', '") }}') as is_at_least
    from limits_of_slices
    {%- for key, metric in of_gate.items() %}

    union all

    select
        version,
        cast('all' as {{ text }}) as slice,
        cast('{{ metric }}' as {{ text }}) as metric,
        cast({{ ml_ledger.json_path('spec', ['gate', key]) }} as {{ double }}) as threshold,
        false as is_at_least
    from without_verdict
    where {{ ml_ledger.json_path('spec', ['gate', key]) }} is not null
    {%- endfor %}
),

measured_limits as (
    select
        limits.version,
        limits.slice,
        limits.metric,
        limits.threshold,
        limits.is_at_least,
        -- of what has a limit from above, only the bias can be negative
        case when limits.is_at_least then measured.value else abs(measured.value) end as value,
        any_row.version is not null as has_rows
    from limits
    left join holdout_metrics as measured
        on
            limits.version = measured.version
            and limits.slice = measured.slice
            and limits.metric = measured.metric
            and measured.scored_by = 'self'
    left join holdout_metrics as any_row
        on
            limits.version = any_row.version
            and limits.slice = any_row.slice
            and any_row.metric = 'scored_share'
            and any_row.scored_by = 'self'
),

limit_checks as (
    select
        version,
        case when slice = 'all' then '' else 'slice ' || slice || ': ' end
        || replace(metric, '_', ' ')
        || case when slice <> 'all' and not has_rows then ', no rows' else '' end as check_name,
        value,
        threshold,
        coalesce(case when is_at_least then value >= threshold else value <= threshold end, false) as passed
    from measured_limits
)
{%- endmacro %}
