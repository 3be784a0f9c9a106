{#
    Names of all declared ML models, in the order of `vars.ml_models`. Those that are declared with `example: true`
    belong to the shipped example and count only where it is on: a project that installs this package and declares
    nothing has none.
    Arguments: tasks, list of the tasks that count, none for all; declaring, a block that counting ML models declare,
    with a dot before one inside of it; none for all.
    Returns: list of strings, empty when none is declared.
    Example: {% for name in ml_ledger.ml_model_names() %} ... {% endfor %}
#}
{% macro ml_model_names(tasks=none, declaring=none) %}
    {% set names = [] %}
    {% for name, declaration in (var('ml_models', none) or {}).items() %}
        {% set is_example = declaration is mapping and declaration.get('example') %}
        {% if (ml_ledger.example_is_on() or not is_example) and (
            (tasks is none and declaring is none) or ml_ledger.declares(declaration, tasks, declaring)
        ) %}
            {% do names.append(name) %}
        {% endif %}
    {% endfor %}
    {% do return(names) %}
{% endmacro %}

{#
    Whether an ML model is of one of some tasks and declares a block.
    Arguments: declaration, as written; tasks and declaring, as of `ml_model_names`.
    Returns: boolean.
#}
{% macro declares(declaration, tasks, declaring) %}
    {% set spec = ml_ledger.resolved_spec(declaration) %}
    {% set found = namespace(block=spec) %}
    {% for key in (declaring or '').split('.') if key and found.block is not none %}
        {% set found.block = found.block[key] %}
    {% endfor %}
    {% do return((tasks is none or spec.task in tasks) and found.block is not none) %}
{% endmacro %}
