{#
    Rule worth_less: in its latest complete period the decisions of a live version were worth less than those of a
    baseline or of no model, beyond the interval of the difference. docs/alerts/worth_less.md
    Arguments: settings, as `alert_settings` returns them.
    Returns: SQL, as `alert_rules` says.
#}
{% macro alert_worth_less(settings) -%}
select
    'warn' as severity,
    {{ ml_ledger.alert_subject(
        version='used.version', slot='used.slot', slice='used.scored_by', metric='used.metric',
        period_start='used.period_start',
    ) }},
    used.value,
    0 as threshold,
    'worth less than ' || replace(replace(used.scored_by, 'baseline:', 'the baseline '), 'policy:', 'the policy ')
    || ' in the period from ' || cast(cast(used.period_start as date) as {{ dbt.type_string() }})
    || ': by decision ' || {{ ml_ledger.alert_interval('used') }} || {{ ml_ledger.text_literal(' ' ~ settings.unit) }}
    as message
from latest_performance as used
where
    used.metric = 'value_gain'
    and used.slice = 'all'
    and used.ci_high < 0
{%- endmacro %}
