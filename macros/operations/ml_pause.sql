{#
    The feature flag, off: entities are still scored and recorded, and every decision is the fallback, until ml_resume.
    Arguments: ml_model; reason, why.
    Returns: nothing; logs what it did. Repeated, it does nothing.
    Example: dbt run-operation ml_pause --args '{ml_model: repurchase, reason: offers are sold out}'
#}
{% macro ml_pause(ml_model, reason) %}
    {% do ml_ledger.switch('ml_pause', ml_model, reason, is_paused=true) %}
{% endmacro %}
