{#
    What is wrong with the arguments of `point_in_time_join`.
    Arguments: as there.
    Returns: list of texts.
#}
{% macro point_in_time_problems(spine, entity, as_of, views) %}
    {% set problems = ml_ledger.not_column_names('', {'entity': entity, 'as_of': as_of}) %}
    {% if not spine %}
        {% do problems.append('spine: must be a relation; got nothing. Fix: pass spine=ref(...).') %}
    {% endif %}
    {% if views is not sequence or views is string or views is mapping or not views %}
        {% do problems.append(
            'views: must be a list of at least one mapping; got ' ~ views ~ ". Fix: views=[{'relation': ref(...),"
            ~ " 'timestamp': '...', 'columns': ['...']}]."
        ) %}
        {% do return(problems) %}
    {% endif %}
    {% set spine_types = ml_ledger.column_types(spine) %}
    {% do problems.extend(ml_ledger.missing_columns('', spine, spine_types, {'entity': entity, 'as_of': as_of})) %}
    {% set moments, taken = [['as_of', spine_types, as_of]], {} %}
    {% for name in spine_types %}
        {% do taken.update({name: 'the spine'}) %}
    {% endfor %}
    {% for view in views %}
        {% set where = 'views[' ~ loop.index0 ~ ']' %}
        {% if view is not mapping %}
            {% do problems.append(where ~ ': must be a mapping; got ' ~ view ~ '.') %}
        {% else %}
            {% set types = ml_ledger.column_types(view.get('relation')) %}
            {% do problems.extend(ml_ledger.view_problems(where, view, entity, types)) %}
            {% do problems.extend(
                ml_ledger.missing_columns(where ~ '.', spine, spine_types, {'spine_entity': view.get('spine_entity')})
            ) %}
            {% do moments.append([where ~ '.timestamp', types, view.get('timestamp')]) %}
            {% do moments.append([where ~ '.known_at', types, view.get('known_at')]) %}
            {% for column in view.get('columns') or [] if column is string and view.get('columns') is not string %}
                {% set name = (view.get('prefix') or '') ~ column %}
                {% if name | lower in taken %}
                    {% do problems.append(
                        where ~ ".columns: the name '" ~ name ~ "' is taken by " ~ taken[name | lower]
                        ~ '. Fix: give the view a prefix.'
                    ) %}
                {% endif %}
                {% do taken.update({name | lower: where}) %}
            {% endfor %}
        {% endif %}
    {% endfor %}
    {% do problems.extend(ml_ledger.moment_problems(moments)) %}
    {% do return(problems) %}
{% endmacro %}

{#
    What is wrong with one feature view, apart from the others.
    Arguments: where, how it is called in problems; view, mapping; entity, the spine's column; types, of
    the view's columns.
    Returns: list of texts.
#}
{% macro view_problems(where, view, entity, types) %}
    {% set keys = [
        'relation', 'timestamp', 'columns', 'entity', 'spine_entity', 'known_at', 'tie_breaker', 'prefix', 'maximum_age_days'
    ] %}
    {% set problems, names = [], {'timestamp': view.get('timestamp')} %}
    {% for key in view if key not in keys %}
        {% do problems.append(
            where ~ '.' ~ key ~ ': unknown key; got ' ~ view[key] ~ '. Allowed: ' ~ keys | join(', ') ~ '. Fix: remove the key.'
        ) %}
    {% endfor %}
    {% if not view.get('relation') %}
        {% do problems.append(where ~ ".relation: is missing. Fix: 'relation': ref(...).") %}
    {% endif %}
    {% for key in ['entity', 'spine_entity', 'known_at', 'tie_breaker'] if view.get(key) is not none %}
        {% do names.update({key: view[key]}) %}
    {% endfor %}
    {% do problems.extend(ml_ledger.not_column_names(where ~ '.', names)) %}
    {% set columns = view.get('columns') %}
    {% if columns is string or columns is mapping or columns is not sequence or not columns
        or columns | reject('string') | list %}
        {% do problems.append(
            where ~ '.columns: must be a list of at least one column to take; got ' ~ (columns | tojson)
            ~ ". Fix: 'columns': ['...']."
        ) %}
    {% else %}
        {% for column in columns %}
            {% do names.update({'columns[' ~ loop.index0 ~ ']': column}) %}
        {% endfor %}
    {% endif %}
    {% if view.get('prefix') is not none and view.prefix is not string %}
        {% do problems.append(where ~ '.prefix: must be a text; got ' ~ view.prefix ~ '.') %}
    {% endif %}
    {% set age = view.get('maximum_age_days') %}
    {% if age is not none and (age is not integer or age is boolean or age < 0) %}
        {% do problems.append(
            where ~ '.maximum_age_days: must be a whole number of days, 0 or more; got ' ~ (age | tojson)
            ~ '. Fix: leave it out where values do not age.'
        ) %}
    {% endif %}
    {% if view.get('entity') is none %}
        {% do names.update({'entity': entity}) %}
    {% endif %}
    {% do problems.extend(ml_ledger.missing_columns(where ~ '.', view.get('relation'), types, names)) %}
    {% do return(problems) %}
{% endmacro %}
