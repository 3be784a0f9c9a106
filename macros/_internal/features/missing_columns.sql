{#
    What is wrong with columns that a relation should have.
    Arguments: where, text before each problem; relation and its types, as of `column_types`; columns, mapping of
    argument to column; what is no text is another check's to refuse.
    Returns: list of texts.
#}
{% macro missing_columns(where, relation, types, columns) %}
    {% set problems = [] %}
    {% for argument, column in columns.items() if types and column is string
        and ml_ledger.column_name(column) | lower not in types %}
        {% do problems.append(
            where ~ argument ~ ": is no column of " ~ relation ~ "; got '" ~ column ~ "'. Allowed: "
            ~ types.keys() | join(', ') ~ '. Fix: correct the name.'
        ) %}
    {% endfor %}
    {% do return(problems) %}
{% endmacro %}
