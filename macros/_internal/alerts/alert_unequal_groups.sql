{#
    Rule unequal_groups: in its latest complete period a live version treated a protected group differently from the
    reference group, beyond a declared limit (`fairness.limits`) and the interval of the ratio.
    docs/alerts/unequal_groups.md
    Arguments: settings, as `alert_settings` returns them.
    Returns: SQL, as `alert_rules` says.
#}
{% macro alert_unequal_groups(settings) -%}
select
    'warn' as severity,
    {{ ml_ledger.alert_subject(
        version='used.version', slot='used.slot', slice='used.slice', metric='used.metric',
        period_start='used.period_start',
    ) }},
    used.value,
    limits.threshold,
    used.slice || ': ' || replace(used.metric, '_', ' ') || ' ' || {{ ml_ledger.alert_interval('used') }}
    || ' in the period from ' || cast(cast(used.period_start as date) as {{ dbt.type_string() }}) as message
from latest_performance as used
inner join (
    {%- for metric, limit in settings.ratios.items() %}
    select
        '{{ metric }}' as metric,
        cast({{ limit }} as {{ ml_ledger.type_double() }}) as threshold
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
) as limits on used.metric = limits.metric
where
    used.scored_by = 'self'
    and (used.ci_high < limits.threshold or used.ci_low > 1 / limits.threshold)
{%- endmacro %}
