{#
    The declaration of one ML model, as written under `vars.ml_models`. It is validated in full, with every problem
    in one error, by the ML model's versions node; here only the name is checked, and only when a node runs: dbt also
    renders nodes that are switched off.
    Arguments: ml_model, its name.
    Returns: mapping; empty while dbt parses and the name is not declared.
    Example: {% set spec = ml_ledger.ml_model_spec('repurchase') %}
#}
{% macro ml_model_spec(ml_model) %}
    {% set names = ml_ledger.ml_model_names() %}
    {% if ml_model in names %}
        {% do return(var('ml_models')[ml_model] or {}) %}
    {% elif not execute %}
        {% do return({}) %}
    {% endif %}
    {% do exceptions.raise_compiler_error(
        "ml_model_spec: '" ~ ml_model ~ "' is not a declared ML model. Allowed: "
        ~ (names | join(', ') or '(none)')
        ~ ". Fix: declare it under vars.ml_models in dbt_project.yml, or correct the name in "
        ~ (model.original_file_path if model else 'this call') ~ "."
    ) %}
{% endmacro %}
