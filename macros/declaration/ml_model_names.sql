{#
    Names of all declared ML models, in the order of `vars.ml_models`. Those that are declared with `example: true`
    belong to the shipped example and count only where it is on: a project that installs this package and declares
    nothing has none.
    Arguments: tasks, list of the tasks that count, none for all; declaring, a key that counting ML models declare
    as a mapping, with a dot before a key inside of it; none for all.
    Returns: list of strings, empty when none is declared.
    Example: {% for name in ml_ledger.ml_model_names() %} ... {% endfor %}
#}
{% macro ml_model_names(tasks=none, declaring=none) %}
    {% set names = [] %}
    {% for name, declaration in (var('ml_models', none) or {}).items() %}
        {% set is_example = declaration is mapping and declaration.get('example') %}
        {% set task = declaration.get('task') if declaration is mapping else none %}
        {% set found = namespace(value=declaration) %}
        {% for key in (declaring or '').split('.') if key %}
            {% set found.value = found.value.get(key) if found.value is mapping else none %}
        {% endfor %}
        {% set declares = declaring is none or found.value is mapping %}
        {% if (ml_ledger.example_is_on() or not is_example) and (tasks is none or task in tasks) and declares %}
            {% do names.append(name) %}
        {% endif %}
    {% endfor %}
    {% do return(names) %}
{% endmacro %}
