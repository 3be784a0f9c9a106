{#
    What is wrong with arguments that name columns.
    Arguments: where, text before each problem; columns, mapping of argument to column.
    Returns: list of texts.
#}
{% macro not_column_names(where, columns) %}
    {% set problems = [] %}
    {% for argument, column in columns.items() if column is not string or not column | trim %}
        {% do problems.append(
            where ~ argument ~ ': must be the name of a column; got ' ~ ('nothing' if not column else column)
                ~ ". Fix: '"
            ~ argument ~ "': '...'."
        ) %}
    {% endfor %}
    {% do return(problems) %}
{% endmacro %}
