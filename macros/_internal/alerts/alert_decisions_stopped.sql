{#
    Rule decisions_stopped: a version is live, and the period before that of the clock has no decision.
    docs/alerts/decisions_stopped.md
    Arguments: predictions, relation; settings, as `alert_settings` returns them.
    Returns: SQL, as `alert_rules` says.
#}
{% macro alert_decisions_stopped(predictions, settings) -%}
{%- set days = {'day': 2, 'week': 14, 'month': 62, 'quarter': 184}[settings.period] -%}
{%- set since = ml_ledger.days_between('max(predictions.as_of)', ml_ledger.clock()) -%}
select
    'warn' as severity,
    {{ ml_ledger.alert_subject() }},
    {{ since }} as value,
    {{ days }} as threshold,
    'no decision since ' || cast(cast(max(predictions.as_of) as date) as {{ dbt.type_string() }})
    || ': a whole {{ settings.period }} has none' as message
from {{ predictions }} as predictions
where
    predictions.slot <> 'shadow'
    and exists (select 1 from live where slot = 'champion')
having {{ since }} > {{ days }}
{%- endmacro %}
