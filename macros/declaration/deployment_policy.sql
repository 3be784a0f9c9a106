{#
    What happens to a version that passed the gate: 'auto', it becomes champion, or 'approval', it waits until somebody
    approves it. From `deployment.policy` of the declaration.
    Arguments: ml_model, its name.
    Returns: string.
    Example: {% if ml_ledger.deployment_policy('repurchase') == 'approval' %}
#}
{% macro deployment_policy(ml_model) %}
    {% set deployment = ml_ledger.ml_model_spec(ml_model).get('deployment') %}
    {% set policy = (deployment if deployment is mapping else {}).get('policy', 'auto') %}
    {% if execute and policy not in ['auto', 'approval'] %}
        {% do exceptions.raise_compiler_error(
            'ml_models.' ~ ml_model ~ ".deployment.policy: has a value that is not allowed; got '" ~ policy
            ~ "'. Allowed: auto, approval. Nothing was written."
        ) %}
    {% endif %}
    {% do return(policy) %}
{% endmacro %}
