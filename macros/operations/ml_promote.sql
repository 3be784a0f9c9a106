{#
    Deploy a version that passed the gate: as champion, as challenger with a share of the entities, or as shadow, which
    is scored and decides nothing (any version that is not retired can be one).
    Arguments: ml_model; version; reason, why; slot, 'champion' (default), 'challenger' or 'shadow'; share, of a
    challenger, above 0; valid_from, the business time from which it holds, by default the clock: an earlier one
    corrects the past, and decisions that were made stay as they are. A later one is refused.
    Returns: nothing; logs what it did. Repeated, it does nothing.
    Example: dbt run-operation ml_promote --args '{ml_model: repurchase, version: 2, reason: "better on new customers"}'
#}
{% macro ml_promote(ml_model, version, reason, slot='champion', share=none, valid_from=none) %}
    {% do ml_ledger.deploy('ml_promote', ml_model, version, reason, slot, share, valid_from) %}
{% endmacro %}
