{#
    What ml_pause and ml_resume do.
    Arguments: operation, its name; ml_model; reason; is_paused, what it shall be.
    Returns: nothing.
#}
{% macro switch(operation, ml_model, reason, is_paused) %}
    {% set problems = ml_ledger.argument_problems(reason, needs_version=false) %}
    {% set state = ml_ledger.operation_state(operation, ml_model, problems) %}
    {% do ml_ledger.refuse(operation, problems) %}
    {% set word = 'paused' if is_paused else 'resumed' %}
    {% if state.is_paused == is_paused %}
        {% do ml_ledger.report(
            operation, state, 'is ' ~ ('paused' if is_paused else 'not paused') ~ '; nothing to do'
        ) %}
    {% else %}
        {% do ml_ledger.record_events(state, operation, reason, [{'event': word}]) %}
        {% do ml_ledger.report(operation, state, word ~ ' from ' ~ state.valid_from ~ ' on') %}
    {% endif %}
{% endmacro %}
