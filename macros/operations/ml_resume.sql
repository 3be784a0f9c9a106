{#
    The feature flag, on again: decisions are those of the versions' policies.
    Arguments: ml_model; reason, why.
    Returns: nothing; logs what it did. Repeated, it does nothing.
    Example: dbt run-operation ml_resume --args '{ml_model: repurchase, reason: offers are back}'
#}
{% macro ml_resume(ml_model, reason) %}
    {% do ml_ledger.switch('ml_resume', ml_model, reason, is_paused=false) %}
{% endmacro %}
