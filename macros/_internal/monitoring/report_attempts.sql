{#
    At the end of a build: what keeps versions from being trained, in full.
    Returns: nothing; logs.
    Example: see report_alerts
#}
{% macro report_attempts() %}
    {% set attempts = ml_ledger.built_node('ml_training_attempts') %}
    {% set open = run_query(
        'select ml_model, champion_version, message from ' ~ attempts ~ ' where is_open order by ml_model'
    ) if attempts else [] %}
    {% for row in open %}
        {% do log(
            'ml_ledger: no version of ' ~ row['ml_model'] ~ ' was trained; '
            ~ ('version ' ~ row['champion_version'] ~ ' goes on deciding' if row['champion_version']
                else 'none decides')
            ~ '. '
            ~ row['message'],
            info=true
        ) %}
    {% endfor %}
{% endmacro %}
