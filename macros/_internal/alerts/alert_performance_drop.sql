{#
    Rule performance_drop: in its latest complete period a live version does worse than on its holdout, beyond the
    intervals of both. docs/alerts/performance_drop.md
    Arguments: versions, relation; settings, as `alert_settings` returns them.
    Returns: SQL, as `alert_rules` says.
#}
{% macro alert_performance_drop(versions, settings) -%}
{%- set headline = ml_ledger.headline_metric(settings.task) -%}
{%- set bound = 'released.ci_low' if headline.more_is_better else 'released.ci_high' -%}
select
    'warn' as severity,
    {{ ml_ledger.alert_subject(
        version='used.version', slot='used.slot', metric='used.metric', period_start='used.period_start',
    ) }},
    used.value,
    {{ bound }} as threshold,
    {{ ml_ledger.alert_compared("'" ~ headline.title ~ "'", 'used', 'released', 'at release') }} as message
from latest_performance as used
inner join (
    {{ ml_ledger.unnest_json(versions, 'metrics', ['version'], {
        'dataset': 'varchar', 'slice': 'varchar', 'scored_by': 'varchar', 'metric': 'varchar',
        'value': 'double', 'ci_low': 'double', 'ci_high': 'double',
    }) | indent(4) }}
) as released
    on
        used.version = released.version
        and used.metric = released.metric
where
    used.metric = '{{ headline.metric }}'
    and used.slice = 'all'
    and used.scored_by = 'self'
    and released.dataset = 'holdout'
    and released.slice = 'all'
    and released.scored_by = 'self'
    and {{ 'used.ci_high < released.ci_low' if headline.more_is_better else 'used.ci_low > released.ci_high' }}
{%- endmacro %}
