{#
    What ml_promote and ml_set_share do.
    Arguments: operation, its name; the others as of ml_promote.
    Returns: nothing.
#}
{% macro deploy(operation, ml_model, version, reason, slot, share, valid_from) %}
    {% set problems = ml_ledger.argument_problems(reason, version) %}
    {% set state = ml_ledger.operation_state(operation, ml_model, problems, version, valid_from) %}
    {% set live = state.live | selectattr('version', 'equalto', version) | list %}
    {% set is_champion = live | selectattr('slot', 'equalto', 'champion') | list | length > 0 %}
    {% if slot not in ['champion', 'challenger', 'shadow'] %}
        {% do problems.append(
            'slot: has a value that is not allowed; got ' ~ ml_ledger.as_given(slot)
                ~ '. Allowed: champion, challenger, shadow.'
        ) %}
    {% elif slot != 'challenger' and share is not none %}
        {% do problems.append(
            'share: only a challenger has one; got ' ~ ml_ledger.as_given(share) ~ ' for slot ' ~ slot
                ~ '. Fix: leave it out.'
        ) %}
    {% elif slot == 'challenger' %}
        {% do problems.extend(ml_ledger.share_problems(state, 'challenger', version, share, may_be_none=false)) %}
    {% endif %}
    {% if ml_ledger.is_whole_number(version) and version in state.known
        and slot in ['champion', 'challenger', 'shadow'] %}
        {% do problems.extend(ml_ledger.deployable(state, version, slot)) %}
        {% if is_champion and slot != 'champion' %}
            {% do problems.append(
                'version: version ' ~ version ~ ' is champion, and decides already. Fix: promote another version first.'
            ) %}
        {% endif %}
    {% endif %}
    {% do ml_ledger.refuse(operation, problems) %}
    {% set share = share if slot == 'challenger' else 1 %}
    {% set same = [] %}
    {% set events = [] %}
    {% for deployment in live %}
        {% if deployment.slot == slot and deployment.share == share %}
            {% do same.append(deployment) %}
        {% elif deployment.slot != slot %}
            {% do events.append({'event': 'ended', 'version': version, 'slot': deployment.slot}) %}
        {% endif %}
    {% endfor %}
    {% if same %}
        {% do ml_ledger.report(operation, state, 'version ' ~ version ~ ' is ' ~ slot ~ ' already; nothing to do') %}
    {% else %}
        {% do events.append({'event': 'deployed', 'version': version, 'slot': slot, 'share': share}) %}
        {% do ml_ledger.record_events(state, operation, reason, events) %}
        {% do ml_ledger.report(
            operation, state,
            'version ' ~ version ~ ' is ' ~ slot ~ (' for ' ~ (share * 100) | round(2)
                ~ ' % of the entities' if slot == 'challenger' else '')
            ~ ' from ' ~ state.valid_from ~ ' on'
        ) %}
    {% endif %}
{% endmacro %}
