{#
    Which ML models read a feature view: those whose training set does, at once or through dbt models that are no
    feature views themselves. What another feature view took from this one is a feature of that one.
    Arguments: views, as of `feature_views`.
    Returns: mapping of the name of each view to a list of names of ML models.
#}
{% macro feature_readers(views) %}
    {% set readers, names = {}, {} %}
    {% for view in views %}
        {% do readers.update({view.name: []}) %}
        {% do names.update({view.node.unique_id: view.name}) %}
    {% endfor %}
    {% for ml_model in ml_ledger.ml_model_names() %}
        {% set found = ml_ledger.nearest_nodes('model.' ~ project_name ~ '.' ~ ml_model ~ '_training_set', names, {}) %}
        {% for unique_id in found if found[unique_id] %}
            {% do readers[names[unique_id]].append(ml_model) %}
        {% endfor %}
    {% endfor %}
    {% do return(readers) %}
{% endmacro %}

{#
    Which of some nodes another node reads, without passing one of them on the way.
    Arguments: unique_id, of the node that reads; wanted, mapping with the unique ids of those that are looked for;
    visited, mapping, filled.
    Returns: visited: unique ids, and whether each is one of those.
#}
{% macro nearest_nodes(unique_id, wanted, visited) %}
    {% set depends_on = (graph.nodes.get(unique_id) or {}).get('depends_on') or {} %}
    {% for parent in depends_on.get('nodes') or [] if parent not in visited %}
        {% do visited.update({parent: parent in wanted}) %}
        {% if parent not in wanted %}
            {% do ml_ledger.nearest_nodes(parent, wanted, visited) %}
        {% endif %}
    {% endfor %}
    {% do return(visited) %}
{% endmacro %}
