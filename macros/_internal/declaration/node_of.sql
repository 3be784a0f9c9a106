{#
    The node of the dbt graph that a relation belongs to: a dbt model, seed or snapshot.
    Arguments: relation.
    Returns: mapping, or none where there is no such node, and where dbt has no graph: while it parses, and in unit
    tests.
    Example: {% set node = ml_ledger.node_of(ref('balances')) %}
#}
{% macro node_of(relation) %}
    {% if not graph.get('nodes') or not relation or relation is string %}
        {% do return(none) %}
    {% endif %}
    {% set wanted = relation.identifier | lower %}
    {% for node in graph.nodes.values() if node.resource_type in ['model', 'seed', 'snapshot'] %}
        {% if relation.is_cte %}
            {% if wanted == '__dbt__cte__' ~ node.name | lower %}
                {% do return(node) %}
            {% endif %}
        {% elif wanted == (node.alias or node.name) | lower and relation.schema | lower == node.schema | lower
            and (relation.database or '') | lower == (node.database or '') | lower %}
            {% do return(node) %}
        {% endif %}
    {% endfor %}
    {% do return(none) %}
{% endmacro %}
