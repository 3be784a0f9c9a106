{#
    What is wrong with the types of moments that are compared: all have a time zone, or none has.
    Arguments: moments, list of [where, types of the relation, column].
    Returns: list of texts.
#}
{% macro moment_problems(moments) %}
    {% set zoned, unzoned, problems = [], [], [] %}
    {% for where, types, column in moments if column is string %}
        {% set type = types.get(ml_ledger.column_name(column) | lower) %}
        {% set found = where ~ " '" ~ column ~ "' is " ~ type %}
        {% if type is none %}
        {% elif not (type.startswith('timestamp') or type.startswith('date')) %}
            {% do problems.append(
                where ~ ": must be a date or a timestamp; got '" ~ column ~ "', which is " ~ type
                ~ '. Fix: cast it in the model that is read.'
            ) %}
        {% elif ml_ledger.has_time_zone(type) %}
            {% do zoned.append(found) %}
        {% else %}
            {% do unzoned.append(found) %}
        {% endif %}
    {% endfor %}
    {% if zoned and unzoned %}
        {% do problems.append(
            'time zones are mixed: comparing them would depend on the zone of the session; got ' ~ zoned | join(', ')
            ~ '; and ' ~ unzoned | join(', ') ~ '. Allowed: all with a time zone, or all without. Fix: where a'
            ~ ' column has'
            ~ " one, take the time of a zone you name in the model that is read, such as (column at time zone 'UTC')."
        ) %}
    {% endif %}
    {% do return(problems) %}
{% endmacro %}
