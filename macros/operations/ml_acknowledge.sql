{#
    Say that an open alert was seen: it stays in `ml_alerts` with who knows of it and why, no longer warns, and trains
    nothing. When it closes and comes back, it warns again.
    Arguments: alert, its `alert_id`; reason, what is done about it, or why nothing is.
    Returns: nothing; logs what it did. Repeated, it appends another reason.
    Example: dbt run-operation ml_acknowledge --args '{alert: repurchase/version_old/version 1/champion, reason: the next one waits for May}'
#}
{% macro ml_acknowledge(alert, reason) %}
    {% set names = ml_ledger.ml_model_names(declaring='monitoring.alerts') %}
    {% set ml_model = (alert | string).split('/')[0] %}
    {% set problems = [] %}
    {% if reason is not string or not reason | trim %}
        {% do problems.append("reason: must be a text that says why; got " ~ (reason | tojson) ~ '.') %}
    {% endif %}
    {% if ml_model not in names %}
        {% do problems.append(
            "alert: begins with the name of an ML model that declares monitoring.alerts; got '" ~ alert ~ "'. Allowed: "
            ~ (names | join(', ') or '(none)') ~ '. Fix: copy the alert_id from ml_alerts.'
        ) %}
        {% do ml_ledger.refuse('ml_acknowledge', problems) %}
    {% endif %}
    {% set relation = ref(project_name, ml_model ~ '_alerts') %}
    {% if load_relation(relation) is none %}
        {% do ml_ledger.refuse('ml_acknowledge', problems + ['alert: ' ~ relation ~ ' was not built yet. Fix: dbt build.']) %}
    {% endif %}
    {% set open_alerts %}
        select
            alert_id,
            check_number
        from {{ relation }}
        where
            event = 'found'
            and check_number = (select max(check_number) from {{ relation }} where event = 'checked')
        order by alert_id
    {% endset %}
    {% set found = {} %}
    {% for row in run_query(open_alerts) %}
        {% do found.update({row['alert_id']: row['check_number'] | int}) %}
    {% endfor %}
    {% if alert not in found %}
        {% do problems.append(
            "alert: is not open; got '" ~ alert ~ "'. Allowed: " ~ (found.keys() | join('; ') or '(no alert is open)') ~ '.'
        ) %}
    {% endif %}
    {% do ml_ledger.refuse('ml_acknowledge', problems) %}
    {% do ml_ledger.run_in_transaction([
        'insert into ' ~ relation ~ ' (ml_model, check_number, checked_at, event, alert_id, actor, reason, recorded_at, invocation_id)'
        ~ ' select ' ~ ml_ledger.text_literal(ml_model) ~ ', ' ~ found[alert] ~ ', ' ~ ml_ledger.clock() ~ ", 'acknowledged', "
        ~ ml_ledger.text_literal(alert) ~ ', ' ~ ml_ledger.actor() ~ ', ' ~ ml_ledger.text_literal(reason) ~ ', '
        ~ ml_ledger.wall_clock() ~ ", '" ~ invocation_id ~ "'"
    ]) %}
    {% do print('ml_acknowledge: ' ~ alert ~ ': acknowledged (by ' ~ ml_ledger.actor_name() ~ ')') %}
{% endmacro %}
