{#
    Rule awaiting_approval: a version passed the gate, and has waited for a person longer than
    `monitoring.alerts.approval_days`; at once where it is too good to be true. docs/alerts/awaiting_approval.md
    Arguments: deployments, relation; settings, as `alert_settings` returns them.
    Returns: SQL, as `alert_rules` says.
#}
{% macro alert_awaiting_approval(deployments, settings) -%}
{%- set text = dbt.type_string() -%}
{%- set waited = ml_ledger.days_between('events.valid_from', ml_ledger.clock()) -%}
{%- set is_asked = "events.reason like '" ~ ml_ledger.waits_for_answer() ~ "%'" -%}
select
    'warn' as severity,
    {{ ml_ledger.alert_subject(version='events.version') }},
    {{ waited }} as value,
    case when {{ is_asked }} then 0 else {{ settings.approval_days }} end as threshold,
    'version ' || cast(events.version as {{ text }})
    || case
        when {{ is_asked }} then ' ' || events.reason || ' It waits'
        else ' passed the gate and waits for approval'
    end
    || ' since ' || cast(cast(events.valid_from as date) as {{ text }}) as message
from {{ deployments }} as events
where
    events.event = 'awaiting_approval'
    and ({{ is_asked }} or {{ waited }} > {{ settings.approval_days }})
    and not exists (
        select 1
        from {{ deployments }} as later
        where
            later.event_number > events.event_number
            and (
                later.version = events.version
                or later.event = 'awaiting_approval'
            )
    )
{%- endmacro %}
