{#
    Deployments as intervals of business time: one row per deployment, with `valid_to`, when the next event of its place
    begins (NULL while it is live). Champion and control are one place each, filled by one deployment at a time; each
    version that is a challenger or a shadow has a place of its own.
    Arguments: events, relation with the events of one or several ML models; known_at, SQL timestamp: as it was known
    then, or none: as it is known now; with_next, whether to add what that next event is: `replaced_by_version` (NULL
    where it leaves the place empty), `replaced_by_actor`, `replaced_because`.
    Returns: SQL, a select.
    Example: {{ ml_ledger.deployment_intervals(ref('ml_deployment_events')) }}
#}
{% macro deployment_intervals(events, known_at=none, with_next=false) -%}
{%- set place = "over (
            partition by ml_model, slot, case when slot in ('challenger', 'shadow') then version end
            order by valid_from, event_number
        )" -%}
select *
from (
    select
        events.*,
        lead(valid_from) {{ place }} as valid_to
        {%- if with_next %},
        lead(case when event = 'deployed' then version end) {{ place }} as replaced_by_version,
        lead(actor) {{ place }} as replaced_by_actor,
        lead(reason) {{ place }} as replaced_because
        {%- endif %}
    from {{ events }} as events
    where
        event in ('deployed', 'ended')
        {%- if known_at is not none %}
        and recorded_at <= {{ known_at }}
        {%- endif %}
) as intervals
where event = 'deployed'
{%- endmacro %}
