{#
    The declaration of one ML model, as written under `vars.ml_models`, without what macros cannot read: a key that they
    read and whose value is of another type than they need (`readable_keys`) counts as left out, so that no mistake stops
    the nodes of this ML model, and with them the views over all. The versions node says what is wrong, with every problem
    in one message. Here only the name is checked, and only when a node runs: dbt also renders nodes that are switched off.
    Arguments: ml_model, its name.
    Returns: mapping; empty while dbt parses and the name is not declared.
    Example: {% set spec = ml_ledger.ml_model_spec('repurchase') %}
#}
{% macro ml_model_spec(ml_model) %}
    {% set names = ml_ledger.ml_model_names() %}
    {% if ml_model in names %}
        {% do return(ml_ledger.readable_spec(var('ml_models')[ml_model])) %}
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
