{#
    The deployment that was live in the champion slot of an ML model at a business time: one row, or none.
    Arguments: ml_model, SQL string; at, SQL timestamp; events, the relation ml_deployment_events; known_at, SQL
    timestamp: what was believed then to be live, before later corrections; none for what is known now.
    Returns: SQL, a select.
    Example: {{ ml_ledger.version_as_of("'repurchase'", "timestamp '1997-12-15'", ref('ml_deployment_events')) }}
#}
{% macro version_as_of(ml_model, at, events, known_at=none) -%}
select
    deployments.ml_model,
    deployments.version,
    deployments.slot,
    deployments.valid_from,
    deployments.valid_to,
    deployments.actor,
    deployments.reason,
    deployments.deployment_id
from (
    {{ ml_ledger.deployment_intervals(events, known_at) | indent(4) }}
) as deployments
where
    deployments.ml_model = {{ ml_model }}
    and deployments.slot = 'champion'
    and deployments.valid_from <= {{ at }}
    and (deployments.valid_to is null or deployments.valid_to > {{ at }})
{%- endmacro %}
