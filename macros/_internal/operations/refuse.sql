{#
    Stop an operation with every problem in one error. Nothing was written.
    Arguments: operation, its name; problems, list of texts; nothing happens where it is empty.
    Returns: nothing.
    Example: {% do ml_ledger.refuse('ml_pause', problems) %}
#}
{% macro refuse(operation, problems) %}
    {% if problems %}
        {% set lines = [] %}
        {% for problem in problems %}
            {% do lines.append('\n  ' ~ loop.index ~ '. ' ~ problem) %}
        {% endfor %}
        {% do exceptions.raise_compiler_error(
            operation ~ ': refused: ' ~ problems | length ~ ' problem' ~ ('s' if problems | length > 1 else '')
            ~ '. Nothing was written.' ~ lines | join
        ) %}
    {% endif %}
{% endmacro %}
