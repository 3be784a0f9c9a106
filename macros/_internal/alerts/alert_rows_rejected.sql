{#
    Rule rows_rejected: of the latest decisions, more than `monitoring.alerts.rejected_share` have no score.
    docs/alerts/rows_rejected.md
    Arguments: predictions, relation; settings, as `alert_settings` returns them.
    Returns: SQL, as `alert_rules` says.
#}
{% macro alert_rows_rejected(predictions, settings) -%}
{%- set share = "avg(case when predictions.status = 'rejected' then 1.0 else 0.0 end)" -%}
select
    'warn' as severity,
    {{ ml_ledger.alert_subject(
        version='predictions.version', slot='predictions.slot', period_start='min(predictions.as_of)'
    ) }},
    {{ share }} as value,
    {{ settings.rejected_share }} as threshold,
    {{ ml_ledger.short_number(share) }} || ' of ' || cast(count(*) as {{ dbt.type_string() }})
    || ' rows could not be scored and got the fallback; for instance: ' || max(predictions.rejected_because) as message
from {{ predictions }} as predictions
where
    predictions.as_of = (select max(latest.as_of) from {{ predictions }} as latest)
    and predictions.version is not null
group by predictions.version, predictions.slot
having {{ share }} > {{ settings.rejected_share }}
{%- endmacro %}
