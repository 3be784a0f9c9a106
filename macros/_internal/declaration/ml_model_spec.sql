{#
    The declaration of one ML model, resolved: what is declared under `vars.ml_models`, and the default of every other
    key (`declared_blocks`), so that a macro asks for `spec.training.refit` and never for what it would be otherwise. A
    block that is left out and has no default (monitoring, review, value) is none.

    A value that cannot be read counts as left out, so that no mistake stops the nodes of this ML model, and with them
    the views over all. The versions node says what is wrong, with every problem in one message. Here only the name is
    checked, and only when a node runs: dbt also renders nodes that are switched off.

    Arguments: ml_model, its name.
    Returns: mapping of the keys of a declaration, and `unreadable`, mapping of the path of a key to what was declared.
    Example: {% set spec = ml_ledger.ml_model_spec('repurchase') %}
#}
{% macro ml_model_spec(ml_model) %}
    {% set names = ml_ledger.ml_model_names() %}
    {% if execute and ml_model not in names %}
        {% do exceptions.raise_compiler_error(
            "ml_model_spec: '" ~ ml_model ~ "' is not a declared ML model. Allowed: "
            ~ (names | join(', ') or '(none)')
            ~ ". Fix: declare it under vars.ml_models in dbt_project.yml, or correct the name in "
            ~ (model.original_file_path if model else 'this call') ~ "."
        ) %}
    {% endif %}
    {% do return(ml_ledger.resolved_spec(var('ml_models')[ml_model] if ml_model in names else {})) %}
{% endmacro %}
