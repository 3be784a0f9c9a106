{#
    The withdrawals of versions: a version is retired, or rolled back from as champion. One row per withdrawal.
    Arguments: events, relation with the events of one or several ML models.
    Returns: SQL, a select of ml_model, version, event_number, valid_from, actor, reason.
    Example: {{ ml_ledger.withdrawals(ref('ml_deployment_events')) }}
#}
{% macro withdrawals(events) -%}
select
    ml_model,
    case when event = 'retired' then version else champion_before end as version,
    event_number,
    valid_from,
    actor,
    reason
from (
    select
        events.*,
        lag(version) over (
            partition by ml_model, case when slot = 'champion' and event in ('deployed', 'ended') then 'champion' end
            order by valid_from, event_number
        ) as champion_before
    from {{ events }} as events
) as in_order
where event = 'retired' or (operation = 'ml_rollback' and event = 'deployed')
{%- endmacro %}
