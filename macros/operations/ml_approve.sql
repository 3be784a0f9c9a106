{#
    Approve a version that passed the gate, which makes it champion. With four eyes: whoever approves is not who trained
    it, nor who ran the gate for it. Who that is comes from `var('ml_actor')`, or the target's user.
    Arguments: ml_model; version; reason, why.
    Returns: nothing; logs what it did. Repeated, it does nothing.
    Example: dbt run-operation ml_approve --args '{ml_model: repurchase, version: 3,
        reason: checked by risk}' --vars '{ml_actor: eva}'
#}
{% macro ml_approve(ml_model, version, reason) %}
    {% set problems = ml_ledger.argument_problems(reason, version) %}
    {% set state = ml_ledger.operation_state('ml_approve', ml_model, problems, version) %}
    {% set approver = ml_ledger.actor_name() %}
    {% set known = state.known.get(version, {}) if ml_ledger.is_whole_number(version) else {} %}
    {% set is_repeated = known.get('is_approved') == 1 %}
    {% if known and not is_repeated %}
        {% if known.is_retired == 1 or known.is_rejected == 1 %}
            {% do problems.append(
                'version: version ' ~ version ~ ' was ' ~ ('retired' if known.is_retired == 1 else 'rejected') ~ '.'
            ) %}
        {% elif known.verdict != 'awaiting_approval' %}
            {% do problems.append(
                'version: version ' ~ version ~ ' does not wait for approval: the verdict of the gate is '
                ~ (known.verdict or 'still to come') ~ '.'
            ) %}
        {% endif %}
        {% for deployment in state.live if deployment.slot == 'champion' and deployment.version > version %}
            {% do problems.append(
                'version: version ' ~ deployment.version ~ ', newer than version ' ~ version
                    ~ ', is champion, and the gate never'
                ~ ' compared the two. Allowed: a newer version; or ml_rollback first.'
            ) %}
        {% endfor %}
        {% if not approver or approver | lower == 'unknown' %}
            {% do problems.append("ml_actor: nobody knows who approves. Fix: --vars '{ml_actor: your name}'.") %}
        {% elif approver | lower == (known.trained_by or '') | lower %}
            {% do problems.append(
                'ml_actor: ' ~ approver ~ ' trained version ' ~ version
                    ~ '. Allowed: anybody else, so that four eyes see it.'
            ) %}
        {% elif approver | lower == (known.judged_by or '') | lower %}
            {% do problems.append(
                'ml_actor: ' ~ approver ~ ' ran the build in which the gate judged version ' ~ version
                ~ '. Allowed: anybody else, so that four eyes see it.'
            ) %}
        {% endif %}
        {% if not known.trained_by or known.trained_by | lower == 'unknown' %}
            {% do problems.append(
                'version: nobody knows who trained version ' ~ version
                    ~ ', so four eyes cannot be shown. Fix: build with ml_actor set.'
            ) %}
        {% endif %}
    {% endif %}
    {% do ml_ledger.refuse('ml_approve', problems) %}
    {% if is_repeated %}
        {% do ml_ledger.report('ml_approve', state, 'version ' ~ version ~ ' is approved already; nothing to do') %}
    {% else %}
        {% set events = [] %}
        {% for deployment in state.live if deployment.version == version %}
            {% do events.append({'event': 'ended', 'version': version, 'slot': deployment.slot}) %}
        {% endfor %}
        {% do events.append({'event': 'deployed', 'version': version, 'slot': 'champion', 'share': 1}) %}
        {% do ml_ledger.record_events(state, 'ml_approve', reason, events) %}
        {% do ml_ledger.report(
            'ml_approve', state, 'version ' ~ version ~ ' is approved, and champion from ' ~ state.valid_from ~ ' on'
        ) %}
    {% endif %}
{% endmacro %}
