{#
    Rule awaiting_approval: a version passed the gate, and has waited for a person longer than
    `monitoring.alerts.approval_days`. docs/alerts/awaiting_approval.md
    Arguments: deployments, relation; settings, as `alert_settings` returns them.
    Returns: SQL, as `alert_rules` says.
#}
{% macro alert_awaiting_approval(deployments, settings) -%}
{%- set waited = ml_ledger.days_between('events.valid_from', ml_ledger.clock()) -%}
select
    'warn' as severity,
    {{ ml_ledger.alert_subject(version='events.version') }},
    {{ waited }} as value,
    {{ settings.approval_days }} as threshold,
    'version ' || cast(events.version as {{ dbt.type_string() }}) || ' passed the gate and waits for approval since '
    || cast(cast(events.valid_from as date) as {{ dbt.type_string() }}) as message
from {{ deployments }} as events
where
    events.event = 'awaiting_approval'
    and {{ waited }} > {{ settings.approval_days }}
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
