{#
    Rules of drift: what `<ml_model>_drift` found in the latest period of live versions that could be compared.
    docs/alerts/feature_drift.md and the pages of the other parts. What drifted in a feature that did not move scores, a
    tenth of what all features together did, is only worth knowing.
    Arguments: part, 'feature', 'score', 'label', 'predicted', 'joint', 'concept' or 'schema'.
    Returns: SQL, as `alert_rules` says.
#}
{% macro alert_drift(part) -%}
select
    case
        when latest.severity = 'warn' and latest.contribution < 0.1 * latest.all_contributions then 'info'
        else latest.severity
    end as severity,
    {{ ml_ledger.alert_subject(
        version='latest.version', slot='latest.slot', feature='latest.feature', metric='latest.metric',
        period_start='latest.period_start',
    ) }},
    coalesce(latest.value, latest.psi) as value,
    latest.reference_value as threshold,
    {% if part == 'feature' -%}
    latest.feature || ': ' || latest.cause
    || coalesce(' (moved scores by ' || {{ ml_ledger.short_number('latest.contribution') }} || ')', '') as message
    {%- else -%}
    latest.cause as message
    {%- endif %}
from latest_drift as latest
where
    latest.part = '{{ part }}'
    and latest.status = 'drifted'
{%- endmacro %}
