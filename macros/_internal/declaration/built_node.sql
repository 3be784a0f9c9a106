{#
    The relation of one of this package's nodes, for hooks, which cannot `ref` what may be switched off.
    Arguments: name, of the node.
    Returns: relation, or none where the node is switched off or was not built.
    Example: {% set alerts = ml_ledger.built_node('ml_alerts') %}
#}
{% macro built_node(name) %}
    {% set node = (graph.get('nodes') or {}).get('model.ml_ledger.' ~ name) %}
    {% if not node %}
        {% do return(none) %}
    {% endif %}
    {% do return(
        adapter.get_relation(database=node.database, schema=node.schema, identifier=node.alias or node.name)
    ) %}
{% endmacro %}
