{#
    Stop where a table that dbt appends to would have a column with a double quote in its name: dbt writes such a name
    as it is, so the second run would fail.
    Arguments: asked_by, name of the macro; ml_model, its name; columns, names.
    Returns: nothing.
#}
{% macro refuse_double_quotes(asked_by, ml_model, columns) %}
    {% set quoted = [] %}
    {% for column in columns if '"' in (column or '') %}{% do quoted.append(column) %}{% endfor %}
    {% if execute and quoted %}
        {% do exceptions.raise_compiler_error(
            asked_by ~ " of '" ~ ml_model ~ "': dbt cannot append to a column whose name has a double quote; got "
            ~ quoted | join(', ') ~ '. Nothing was written. Fix: rename it in the model that is read'
            ~ (', or declare keep_training_set: members' if asked_by == 'training_rows' else '') ~ '.'
        ) %}
    {% endif %}
{% endmacro %}
