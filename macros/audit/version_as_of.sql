{#
    The deployment that was live in the champion slot of an ML model at a business time: one row, or none.
    Arguments: ml_model, SQL string; at, SQL timestamp; events, the relation ml_deployment_events; known_at, SQL
    timestamp: what was believed then to be live, before later corrections; none for what is known now.
    Returns: SQL, a select.
    Example: {{ ml_ledger.version_as_of("'repurchase'", "timestamp '1997-12-15'", ref('ml_deployment_events')) }}
#}
{% macro version_as_of(ml_model, at, events, known_at=none) -%}
{%- set of_champion -%}
ml_model = {{ ml_model }}
        and slot = 'champion'
        and event in ('deployed', 'ended')
        {%- if known_at is not none %}
        and recorded_at <= {{ known_at }}
        {%- endif %}
{%- endset -%}
select
    started.ml_model,
    started.version,
    started.slot,
    started.valid_from,
    (
        select min(later.valid_from)
        from {{ events }} as later
        where
            {{ of_champion | replace('        and', '            and') }}
            and (
                later.valid_from > started.valid_from
                or (later.valid_from = started.valid_from and later.event_number > started.event_number)
            )
    ) as valid_to,
    started.actor,
    started.reason,
    started.deployment_id
from (
    select *
    from {{ events }}
    where
        {{ of_champion }}
        and valid_from <= {{ at }}
    order by valid_from desc, event_number desc
    limit 1
) as started
where started.event = 'deployed'
{%- endmacro %}
