{#
    Rule worse_than_baseline: in its latest complete period a live version does worse than one of its baselines on the
    same decisions, beyond the interval of the difference. docs/alerts/worse_than_baseline.md
    Arguments: settings, as `alert_settings` returns them.
    Returns: SQL, as `alert_rules` says.
#}
{% macro alert_worse_than_baseline(settings) -%}
select
    'warn' as severity,
    {{ ml_ledger.alert_subject(
        version='used.version', slot='used.slot', slice='used.scored_by', metric='used.metric',
        period_start='used.period_start',
    ) }},
    used.value,
    0 as threshold,
    'worse than ' || replace(used.scored_by, 'baseline:', 'the baseline ') || ' in the period from '
    || cast(cast(used.period_start as date) as {{ dbt.type_string() }})
    || ': saves ' || {{ ml_ledger.alert_interval('used') }} || ' of its '
    || replace(replace(used.metric, '_reduction', ''), '_', ' ')
    as message
from latest_performance as used
where
    {{ ml_ledger.is_loss_saved('latest_performance', 'used', keys=['version', 'slot', 'period_start']) | indent(4) }}
    and used.scored_by like 'baseline:%'
    and used.ci_high < 0
{%- endmacro %}
