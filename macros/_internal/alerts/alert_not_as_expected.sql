{#
    Rule not_as_expected: in the latest complete period of a live version, metrics lie outside of what its scores let
    expect: they are not the probabilities that they claim to be. docs/alerts/not_as_expected.md
    Arguments: performance, relation.
    Returns: SQL, as `alert_rules` says.
#}
{% macro alert_not_as_expected(performance) -%}
{%- set title =
    "case when used.slice <> 'all' then used.slice || ': ' else '' end || replace(used.metric, '_', ' ')"
-%}
select
    'info' as severity,
    {{ ml_ledger.alert_subject(
        version='used.version', slot='used.slot', slice="case when used.slice <> 'all' then used.slice end",
        metric='used.metric', period_start='used.period_start',
    ) }},
    used.value,
    case when used.value < expected.ci_low then expected.ci_low else expected.ci_high end as threshold,
    {{ ml_ledger.alert_compared(title, 'used', 'expected', 'expected from the scores') }} as message
from latest_performance as used
inner join {{ performance }} as expected
    on
        used.version = expected.version
        and used.slot = expected.slot
        and used.period_start = expected.period_start
        and used.period = expected.period
        and used.slice = expected.slice
        and used.metric = expected.metric
        and used.scored_by = expected.scored_by
        and expected.kind = 'estimated'
where
    used.metric in ('base_rate', 'roc_auc', 'log_loss')
    and (used.slice = 'all' or used.metric = 'base_rate')
    and (used.value < expected.ci_low or used.value > expected.ci_high)
{%- endmacro %}
