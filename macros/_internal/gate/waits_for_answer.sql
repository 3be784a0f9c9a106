{#
    How the reason of a gate's event begins where a version passed but is too good to be true; its questions follow.
    Returns: text.
    Example: events.reason like '{{ ml_ledger.waits_for_answer() }}%'
#}
{% macro waits_for_answer() %}
    {% do return('waits for an answer: ') %}
{% endmacro %}
