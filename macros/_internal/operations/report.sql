{#
    Say what an operation did.
    Arguments: operation, its name; state, as returned by `operation_state`; what, text.
    Returns: nothing.
#}
{% macro report(operation, state, what) %}
    {% do print(operation ~ ': ' ~ state.ml_model ~ ': ' ~ what ~ ' (by ' ~ ml_ledger.actor_name() ~ ')') %}
{% endmacro %}
