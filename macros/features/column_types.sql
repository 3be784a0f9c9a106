{#
    The columns of a relation, where they can be known: while dbt runs, of one that has been built.
    Arguments: relation, or a text in place of one.
    Returns: mapping of names to types, in lower case; empty where they are not known.
#}
{% macro column_types(relation) %}
    {% set types = {} %}
    {% if execute and relation and relation is not string and not relation.is_cte %}
        {% for column in adapter.get_columns_in_relation(relation) %}
            {% do types.update({column.name | lower: column.dtype | lower}) %}
        {% endfor %}
    {% endif %}
    {% do return(types) %}
{% endmacro %}

{#
    What is wrong with columns that a relation should have.
    Arguments: where, text before each problem; relation and its types, as of `column_types`; columns, mapping of argument
    to column; what is no text is another check's to refuse.
    Returns: list of texts.
#}
{% macro missing_columns(where, relation, types, columns) %}
    {% set problems = [] %}
    {% for argument, column in columns.items() if types and column is string and column | lower not in types %}
        {% do problems.append(
            where ~ argument ~ ": is no column of " ~ relation ~ "; got '" ~ column ~ "'. Allowed: "
            ~ types.keys() | join(', ') ~ '. Fix: correct the name.'
        ) %}
    {% endfor %}
    {% do return(problems) %}
{% endmacro %}

{#
    What is wrong with the types of moments that are compared: all have a time zone, or none has.
    Arguments: moments, list of [where, types of the relation, column].
    Returns: list of texts.
#}
{% macro moment_problems(moments) %}
    {% set zoned, unzoned, problems = [], [], [] %}
    {% for where, types, column in moments if column is string %}
        {% set type = types.get(column | lower) %}
        {% set found = where ~ " '" ~ column ~ "' is " ~ type %}
        {% if type is none %}
        {% elif not (type.startswith('timestamp') or type.startswith('date')) %}
            {% do problems.append(
                where ~ ": must be a date or a timestamp; got '" ~ column ~ "', which is " ~ type
                ~ '. Fix: cast it in the model that is read.'
            ) %}
        {% elif 'with time zone' in type or type in ['timestamptz', 'timestamp_tz', 'timestamp_ltz'] %}
            {% do zoned.append(found) %}
        {% else %}
            {% do unzoned.append(found) %}
        {% endif %}
    {% endfor %}
    {% if zoned and unzoned %}
        {% do problems.append(
            'time zones are mixed: comparing them would depend on the zone of the session; got ' ~ zoned | join(', ')
            ~ '; and ' ~ unzoned | join(', ') ~ '. Allowed: all with a time zone, or all without. Fix: where a column has'
            ~ " one, take the time of a zone you name in the model that is read, such as (column at time zone 'UTC')."
        ) %}
    {% endif %}
    {% do return(problems) %}
{% endmacro %}
