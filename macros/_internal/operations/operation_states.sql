{#
    What an operation must know of the ML models whose rows it changes: raises for an ML model that is not declared, or
    where none was ever built.
    Arguments: operation, its name; ml_model, as given: 'all' for every ML model that was built; problems, list as of
    `operation_state`; of_all, names that 'all' stands for, none for those of all ML models.
    Returns: list of mappings: those of `operation_state`, with predictions, batches, training_rows, outcomes and
    feedback (relations; the last three none where the ML model has no such node).
    Example: {% set states = ml_ledger.operation_states('ml_erase', ml_model, problems) %}
#}
{% macro operation_states(operation, ml_model, problems, of_all=none) %}
    {% set names, states = [ml_model], [] %}
    {% if ml_model == 'all' and 'all' not in ml_ledger.ml_model_names() %}
        {% set names = [] %}
        {% for name in (ml_ledger.ml_model_names() if of_all is none else of_all)
            if load_relation(ref(project_name, name ~ '_predictions')) is not none %}
            {% do names.append(name) %}
        {% endfor %}
    {% endif %}
    {% if not names %}
        {% do ml_ledger.refuse(operation, ['ml_model: no ML model was built yet. Fix: dbt build.'] + problems) %}
    {% endif %}
    {% for name in names %}
        {% set state = ml_ledger.operation_state(operation, name, problems) %}
        {% for node in ['predictions', 'batches', 'training_rows', 'outcomes', 'feedback'] %}
            {% set relation = ml_ledger.built_relation(name ~ '_' ~ node) %}
            {% if relation is none and node in ['predictions', 'batches'] %}
                {% do ml_ledger.refuse(operation, [
                    'ml_model: ' ~ name ~ ' has no ' ~ node ~ ' yet. Fix: dbt build --select +' ~ name ~ '_batches.'
                ] + problems) %}
            {% endif %}
            {% do state.update({node: relation}) %}
        {% endfor %}
        {% do states.append(state) %}
    {% endfor %}
    {% do return(states) %}
{% endmacro %}

{#
    The relation of a node of the project, if the node is there and was built.
    Arguments: name, of the node.
    Returns: relation, or none.
#}
{% macro built_relation(name) %}
    {% for node in graph.nodes.values() if node.resource_type == 'model' and node.name == name
        and node.package_name == project_name %}
        {% do return(load_relation(ref(project_name, name))) %}
    {% endfor %}
    {% do return(none) %}
{% endmacro %}
