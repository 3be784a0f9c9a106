{#
    Withdraw a version: it is no challenger or shadow any more, and can never be deployed again. The live champion
    cannot be retired before another version took its place.
    Arguments: ml_model; version; reason, why.
    Returns: nothing; logs what it did. Repeated, it does nothing.
    Example: dbt run-operation ml_retire --args '{ml_model: repurchase, version: 1, reason: trained on faulty orders}'
#}
{% macro ml_retire(ml_model, version, reason) %}
    {% set problems = ml_ledger.argument_problems(reason, version) %}
    {% set state = ml_ledger.operation_state('ml_retire', ml_model, problems, version) %}
    {% set live = state.live | selectattr('version', 'equalto', version) | list %}
    {% if live | selectattr('slot', 'equalto', 'champion') | list %}
        {% do problems.append(
            'version: version ' ~ version ~ ' is champion. Fix: ml_rollback or ml_promote first, so that another one'
                ~ ' decides;'
            ~ ' ml_pause stops its decisions at once.'
        ) %}
    {% endif %}
    {% do ml_ledger.refuse('ml_retire', problems) %}
    {% if state.known[version].is_retired == 1 %}
        {% do ml_ledger.report('ml_retire', state, 'version ' ~ version ~ ' is retired already; nothing to do') %}
    {% else %}
        {% set events = [] %}
        {% for deployment in live %}
            {% do events.append({'event': 'ended', 'version': version, 'slot': deployment.slot}) %}
        {% endfor %}
        {% do events.append({'event': 'retired', 'version': version}) %}
        {% do ml_ledger.record_events(state, 'ml_retire', reason, events) %}
        {% do ml_ledger.report('ml_retire', state, 'version ' ~ version ~ ' is retired') %}
    {% endif %}
{% endmacro %}
