{#
    At the end of a build: which alerts are open, the worst first; and what keeps versions from being trained.
    Returns: nothing; logs.
    Example: on-run-end: "{{ ml_ledger.report_alerts() }}"
#}
{% macro report_alerts() %}
    {% if execute and flags.WHICH in ['build', 'run'] and ml_ledger.ml_model_names(declaring='monitoring.alerts') %}
        {% set alerts = ml_ledger.built_node('ml_alerts') %}
        {% if alerts is not none %}
            {% set opened = run_query(
                'select alert_id, severity, message, cast(first_seen as date) as since, acknowledged_by from ' ~ alerts
                ~ " order by acknowledged_by is not null, case severity when 'error' then 1 when 'warn' then 2 else"
                ~ " 3 end, alert_id"
            ) %}
            {% set waiting = opened | selectattr('acknowledged_by', 'none') | list %}
            {% do log(
                'ml_ledger: ' ~ (opened | length or 'no') ~ ' alert' ~ ('' if opened | length == 1 else 's') ~ ' open'
                ~ (', ' ~ (opened | length - waiting | length) ~ ' of them acknowledged or expected'
                    if opened | length > waiting | length else ''),
                info=true
            ) %}
            {% for row in waiting[:10] %}
                {% do log(
                    '  ' ~ row['severity'] ~ '  ' ~ row['alert_id'] ~ ' since ' ~ row['since'] ~ ': ' ~ row['message'],
                    info=true
                ) %}
            {% endfor %}
            {% if waiting | length > 10 %}
                {% do log('  and ' ~ (waiting | length - 10) ~ ' more: select * from ' ~ alerts, info=true) %}
            {% endif %}
        {% endif %}
    {% endif %}
    {% if execute and flags.WHICH in ['build', 'run'] %}
        {% do ml_ledger.report_attempts() %}
    {% endif %}
{% endmacro %}
