{#
    No alert of a severity is open that nobody has acknowledged, and that the declaration does not expect.
    Arguments: model, ml_alerts or a relation with its columns; alert_severity, 'info', 'warn' or 'error'.
#}
{% test no_open_alerts(model, alert_severity) %}
select
    alert_id,
    message,
    first_seen
from {{ model }}
where
    severity = '{{ alert_severity }}'
    and acknowledged_by is null
{% endtest %}
