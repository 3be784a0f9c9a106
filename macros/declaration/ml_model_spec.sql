{#
    The declaration of one ML model, as written under `vars.ml_models`. It is validated in full, with every problem
    in one error, by the ML model's versions node; here only the name is checked.
    Arguments: ml_model, its name.
    Returns: mapping.
    Example: {% set spec = ml_ledger.ml_model_spec('repurchase') %}
#}
{% macro ml_model_spec(ml_model) %}
    {% set names = ml_ledger.ml_model_names() %}
    {% if ml_model not in names %}
        {% do exceptions.raise_compiler_error(
            "ml_model_spec: '" ~ ml_model ~ "' is not a declared ML model. Allowed: "
            ~ (names | join(', ') or '(none)')
            ~ ". Fix: declare it under vars.ml_models in dbt_project.yml, or correct the name in "
            ~ (model.original_file_path if model else 'this call') ~ "."
        ) %}
    {% endif %}
    {% do return(var('ml_models')[ml_model]) %}
{% endmacro %}
