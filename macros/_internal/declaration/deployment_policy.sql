{#
    What happens to a version that passed the gate: 'auto', it becomes champion, or 'approval', it waits until someone
    approves it. From `deployment.policy` of the declaration; approval where that says something else, since nobody is
    to be deployed by a slip of the pen.
    Arguments: ml_model, its name.
    Returns: string.
    Example: {% if ml_ledger.deployment_policy('repurchase') == 'approval' %}
#}
{% macro deployment_policy(ml_model) %}
    {% set spec = ml_ledger.ml_model_spec(ml_model) %}
    {% set is_slip = 'deployment' in spec.unreadable or 'deployment.policy' in spec.unreadable %}
    {% do return('approval' if is_slip else spec.deployment.policy) %}
{% endmacro %}
