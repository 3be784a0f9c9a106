{{ config(post_hook="{{ ml_ledger.create_version_as_of(this, ref('ml_deployment_events')) }}") }}

with

intervals as (
    {{ ml_ledger.deployment_intervals(ref('ml_deployment_events'), with_next=true) | indent(4) }}
)

select
    deployment_id,
    ml_model,
    version,
    slot,
    share,
    valid_from,
    valid_to,
    operation,
    actor,
    reason,
    replaced_by_version,
    replaced_by_actor,
    replaced_because,
    recorded_at,
    invocation_id
from intervals
