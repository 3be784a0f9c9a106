{#
    A node of an ML model, by its name, where no relation was given.
    Arguments: relation, as given; ml_model, its name; node, as `versions`.
    Returns: a relation.
    Example: {% set versions = ml_ledger.own_node(versions, 'repurchase', 'versions') %}
#}
{% macro own_node(relation, ml_model, node) %}
    {% do return(relation if relation is not none else ref(ml_model ~ '_' ~ node)) %}
{% endmacro %}
