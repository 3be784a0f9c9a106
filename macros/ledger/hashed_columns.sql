{#
    The columns of a relation with their types, in lower case; none while it does not exist.
    Arguments: relation.
    Returns: mapping of column to SQL type.
#}
{% macro hashed_columns(relation) %}
    {% set columns = {} %}
    {% if execute and load_relation(relation) is not none %}
        {% for column in adapter.get_columns_in_relation(relation) %}
            {% do columns.update({column.name | lower: column.dtype | lower}) %}
        {% endfor %}
    {% endif %}
    {% do return(columns) %}
{% endmacro %}
