{#
    Say that an open alert was seen: it stays in `ml_alerts` with who knows of it and why, no longer warns, and trains
    nothing. When it closes and comes back, it warns again.
    Arguments: alert, its `alert_id`; reason, what is done about it, or why nothing is.
    Returns: nothing; logs what it did. Repeated with another reason, it appends that one; with the same, nothing.
    Example: dbt run-operation ml_acknowledge --args '{alert: repurchase/version_old/version 1/champion,
        reason: the next one waits for May}'
#}
{% macro ml_acknowledge(alert, reason) %}
    {% set names = ml_ledger.ml_model_names(declaring='monitoring.alerts') %}
    {% set problems =
        ml_ledger.argument_problems(reason, needs_version=false) + ml_ledger.identifier_problems('alert', alert) %}
    {% if alert is not string %}
        {% do ml_ledger.refuse('ml_acknowledge', problems) %}
    {% endif %}
    {% set ml_model = alert.split('/')[0] %}
    {% if ml_model not in names %}
        {% do problems.append(
            "alert: begins with the name of an ML model that declares monitoring.alerts; got '" ~ alert ~ "'. Allowed: "
            ~ (names | join(', ') or '(none)') ~ '. Fix: copy the alert_id from ml_alerts.'
        ) %}
        {% do ml_ledger.refuse('ml_acknowledge', problems) %}
    {% endif %}
    {% set relation = ref(project_name, ml_model ~ '_alerts') %}
    {% if load_relation(relation) is none %}
        {% do ml_ledger.refuse(
            'ml_acknowledge', problems + ['alert: ' ~ relation ~ ' was not built yet. Fix: dbt build.']
        ) %}
    {% endif %}
    {% set open_alerts %}
        select
            alert_id,
            check_number,
            case when checked_at > {{ ml_ledger.clock() }} then 1 else 0 end as is_later
        from {{ relation }}
        where
            event = 'found'
            and check_number = (select max(check_number) from {{ relation }} where event = 'checked')
        order by alert_id
    {% endset %}
    {% set found, later = {}, [] %}
    {% for row in run_query(open_alerts) %}
        {% do found.update({row['alert_id']: row['check_number'] | int}) %}
        {% if row['is_later'] | int %}
            {% do later.append(row['alert_id']) %}
        {% endif %}
    {% endfor %}
    {% if alert not in found %}
        {% do problems.append(
            "alert: is not open; got '" ~ alert ~ "'. Allowed: " ~ (found.keys() | join('; ') or '(no alert is open)')
                ~ '.'
        ) %}
    {% endif %}
    {% if alert in later %}
        {% do problems.append(
            'ml_clock: is before the check that found the alert; got ' ~ ml_ledger.clock()
                ~ '. Fix: leave it out, or say when it was seen.'
        ) %}
    {% endif %}
    {% do ml_ledger.refuse('ml_acknowledge', problems) %}
    {% set said %}
        select count(*) as n
        from {{ relation }}
        where
            event = 'acknowledged'
            and check_number = {{ found[alert] }}
            and alert_id = {{ ml_ledger.text_literal(alert) }}
            and reason = {{ ml_ledger.text_literal(reason) }}
            and actor = {{ ml_ledger.actor() }}
    {% endset %}
    {% if run_query(said).rows[0][0] | int %}
        {% do print('ml_acknowledge: ' ~ alert ~ ': nothing to do, it is acknowledged with this reason') %}
        {% do return('') %}
    {% endif %}
    {% do ml_ledger.run_in_transaction([
        'insert into ' ~ relation ~ ' (ml_model, check_number, checked_at, event, alert_id, actor, reason,'
            ~ ' recorded_at, invocation_id)'
        ~ ' select ' ~ ml_ledger.text_literal(ml_model) ~ ', ' ~ found[alert] ~ ', ' ~ ml_ledger.clock()
        ~ ", 'acknowledged', "
        ~ ml_ledger.text_literal(alert) ~ ', ' ~ ml_ledger.actor() ~ ', ' ~ ml_ledger.text_literal(reason) ~ ', '
        ~ ml_ledger.wall_clock() ~ ", '" ~ invocation_id ~ "'"
    ]) %}
    {% do print('ml_acknowledge: ' ~ alert ~ ': acknowledged (by ' ~ ml_ledger.actor_name() ~ ')') %}
{% endmacro %}
