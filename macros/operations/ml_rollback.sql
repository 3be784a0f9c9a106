{#
    Go one step back: the version that was champion before becomes champion again. A retired or rejected version is
    passed over.
    Arguments: ml_model; reason, why; valid_from, the business time from which it holds, by default the clock.
    Returns: nothing; logs what it did. Repeated, it does nothing: to go further back, promote the version by its
    number.
    Example: dbt run-operation ml_rollback --args '{ml_model: repurchase, reason: too many offers since Monday}'
#}
{% macro ml_rollback(ml_model, reason, valid_from=none) %}
    {% set problems = ml_ledger.argument_problems(reason, needs_version=false) %}
    {% set state = ml_ledger.operation_state('ml_rollback', ml_model, problems, valid_from=valid_from) %}
    {% set live = state.live | selectattr('slot', 'equalto', 'champion') | list %}
    {% set before = [] %}
    {% for version in state.champions if live and version != live[0].version %}
        {% set known = state.known[version] %}
        {% if known.is_retired == 0 and known.is_rejected == 0 %}{% do before.append(version) %}{% endif %}
    {% endfor %}
    {% set is_repeated = live and live[0].operation == 'ml_rollback' %}
    {% if not live %}
        {% do problems.append('ml_model: no version of ' ~ ml_model ~ ' is champion at ' ~ state.valid_from ~ '.') %}
    {% elif not before and not is_repeated %}
        {% do problems.append(
            'ml_model: no version that could decide again was champion of ' ~ ml_model ~ ' before version '
                ~ live[0].version
            ~ '. Fix: ml_pause lets decisions fall back, while scores are recorded.'
        ) %}
    {% endif %}
    {% do ml_ledger.refuse('ml_rollback', problems) %}
    {% if is_repeated %}
        {% do ml_ledger.report(
            'ml_rollback', state,
            'version ' ~ live[0].version ~ ' is champion by a rollback already; nothing to do. To go further back:'
                ~ ' ml_promote'
        ) %}
    {% else %}
        {% set events = [] %}
        {% for deployment in state.live if deployment.version == before[0] %}
            {% do events.append({'event': 'ended', 'version': before[0], 'slot': deployment.slot}) %}
        {% endfor %}
        {% do events.append({'event': 'deployed', 'version': before[0], 'slot': 'champion', 'share': 1}) %}
        {% do ml_ledger.record_events(state, 'ml_rollback', reason, events) %}
        {% do ml_ledger.report(
            'ml_rollback', state,
            'version ' ~ before[0] ~ ' is champion again, in place of version ' ~ live[0].version ~ ', from '
                ~ state.valid_from ~ ' on'
        ) %}
    {% endif %}
{% endmacro %}
