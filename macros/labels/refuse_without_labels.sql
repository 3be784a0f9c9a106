{#
    Stop where an ML model has no label, or no name for what a label is of.
    Arguments: asked_by, name of the macro; ml_model, its name; spec, its declaration.
    Returns: nothing.
#}
{% macro refuse_without_labels(asked_by, ml_model, spec) %}
    {% set missing = ['entity', 'as_of', 'label'] | reject('in', spec) | list %}
    {% if execute and missing %}
        {% do exceptions.raise_compiler_error(
            asked_by ~ " of '" ~ ml_model ~ "': the declaration must name entity, as_of and label; got none for: "
            ~ missing | join(', ') ~ ' (task ' ~ spec.get('task') ~ '). Nothing was written. Fix: declare them, or, for a task'
            ~ ' clustering, which has no label, remove this node.'
        ) %}
    {% endif %}
{% endmacro %}
