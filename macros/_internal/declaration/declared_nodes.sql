{#
    The nodes that measure the decisions of an ML model, as far as its declaration asks for them.
    Arguments: ml_model, its name; spec, as of `ml_model_spec`.
    Returns: mapping of performance, drift and budgets to a relation, or none.
    Example: {% set performance = ml_ledger.measuring_nodes('repurchase', spec).performance %}
#}
{% macro measuring_nodes(ml_model, spec) %}
    {% set monitoring, nodes = spec.monitoring, {'performance': none, 'drift': none, 'budgets': none} %}
    {% if monitoring is not none and spec.task != 'clustering' %}
        {% do nodes.update(performance=ml_ledger.own_node(none, ml_model, 'performance')) %}
    {% endif %}
    {% if monitoring is not none and monitoring.drift is not none %}
        {% do nodes.update(drift=ml_ledger.own_node(none, ml_model, 'drift')) %}
    {% endif %}
    {% if monitoring is not none and monitoring.budget is not none %}
        {% do nodes.update(budgets=ref('ml_ledger', 'ml_budgets')) %}
    {% endif %}
    {% do return(nodes) %}
{% endmacro %}

{#
    Whether versions of an ML model may be estimators of one's own, which the scores node scores.
    Arguments: spec, as of `ml_model_spec`.
    Returns: boolean.
#}
{% macro has_own_estimator(spec) %}
    {% set algorithms = [spec.algorithm] if spec.algorithm else [] %}
    {% for algorithm in (spec.candidates or {}).values() %}
        {% do algorithms.append(algorithm) %}
    {% endfor %}
    {% set own = algorithms | selectattr('family', 'defined') | selectattr('family', 'equalto', 'python') %}
    {% do return(own | list != []) %}
{% endmacro %}
