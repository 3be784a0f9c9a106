select
    alert_id,
    ml_model,
    rule,
    severity,
    version,
    slot,
    feature,
    slice,
    metric,
    period_start,
    value,
    threshold,
    message,
    first_seen,
    last_seen,
    acknowledged_by,
    acknowledged_because
from {{ ref('ml_alert_log') }}
where closed_at is null
