{#
    What was done instead of what was decided: of each decision the latest override.
    Arguments: feedback, relation of the node of one ML model, or over all.
    Returns: SQL, a select of ml_model, decision_id, override_decision, overridden_by, override_reason (NULL once
    erased), overridden_at.
    Example: {{ ml_ledger.overrides_in_force(ref('ml_feedback')) }}
#}
{% macro overrides_in_force(feedback) -%}
select
    ml_model,
    decision_id,
    override_decision,
    reviewer as overridden_by,
    reason as override_reason,
    given_at as overridden_at
from (
    select
        feedback.*,
        row_number() over (partition by ml_model, decision_id order by given_at desc, feedback_number desc) as age
    from {{ feedback }} as feedback
    where kind = 'override'
) as overrides
where age = 1
{%- endmacro %}
