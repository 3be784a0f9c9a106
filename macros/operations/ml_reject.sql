{#
    Reject a version: it can be a shadow, and never decide.
    Arguments: ml_model; version; reason, why.
    Returns: nothing; logs what it did. Repeated, it does nothing.
    Example: dbt run-operation ml_reject --args '{ml_model: repurchase, version: 3, reason: recency has the wrong sign}'
#}
{% macro ml_reject(ml_model, version, reason) %}
    {% set problems = ml_ledger.argument_problems(reason, version) %}
    {% set state = ml_ledger.operation_state('ml_reject', ml_model, problems, version) %}
    {% for deployment in state.live if deployment.version == version and deployment.slot != 'shadow' %}
        {% do problems.append(
            'version: version ' ~ version ~ ' is ' ~ deployment.slot ~ '. Fix: '
            ~ ('ml_rollback or ml_promote first' if deployment.slot == 'champion' else 'ml_set_share with share 0'
            ~ ' first') ~ '.'
        ) %}
    {% endfor %}
    {% do ml_ledger.refuse('ml_reject', problems) %}
    {% if state.known[version].is_rejected == 1 %}
        {% do ml_ledger.report('ml_reject', state, 'version ' ~ version ~ ' is rejected already; nothing to do') %}
    {% else %}
        {% do ml_ledger.record_events(state, 'ml_reject', reason, [{'event': 'rejected', 'version': version}]) %}
        {% do ml_ledger.report('ml_reject', state, 'version ' ~ version ~ ' is rejected') %}
    {% endif %}
{% endmacro %}
