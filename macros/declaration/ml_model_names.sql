{#
    Names of all declared ML models, in the order of `vars.ml_models`.
    Returns: list of strings, empty when none is declared.
    Example: {% for name in ml_ledger.ml_model_names() %} ... {% endfor %}
#}
{% macro ml_model_names() %}
    {% do return(var('ml_models', {}).keys() | list) %}
{% endmacro %}
