{#
    The columns of a relation, where they can be known: while dbt runs, of one that has been built.
    Arguments: relation, or a text in place of one.
    Returns: mapping of names to types, in lower case; empty where they are not known.
    Example: {% set columns = ml_ledger.column_types(ref('orders')) %}
#}
{% macro column_types(relation) %}
    {% set types = {} %}
    {% if execute and relation and relation is not string and not relation.is_cte
        and load_relation(relation) is not none %}
        {% for column in adapter.get_columns_in_relation(relation) %}
            {% do types.update({column.name | lower: column.dtype | lower}) %}
        {% endfor %}
    {% endif %}
    {% do return(types) %}
{% endmacro %}
