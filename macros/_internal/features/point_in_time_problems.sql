{#
    What is wrong with the arguments of `point_in_time_join`.
    Arguments: as there.
    Returns: list of texts.
#}
{% macro point_in_time_problems(spine, entity, as_of, views) %}
    {% set names = ml_ledger.by_argument('entity', entity) %}
    {% do names.update({'as_of': as_of}) %}
    {% set problems = ml_ledger.not_column_names('', names) %}
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
    {% do problems.extend(ml_ledger.missing_columns('', spine, spine_types, names)) %}
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
            {% do problems.extend(ml_ledger.declaration_problems(where, view)) %}
            {% set view = ml_ledger.completed_view(view, entity) %}
            {% do problems.extend(ml_ledger.view_problems(where, view, entity, types)) %}
            {% do problems.extend(ml_ledger.missing_spine_entity(where, view, entity, spine, spine_types)) %}
            {% do moments.append([where ~ '.timestamp', types, view.get('timestamp')]) %}
            {% do moments.append([where ~ '.known_at', types, view.get('known_at')]) %}
            {% for column in view.get('columns') or [] if column is string and view.get('columns') is not string %}
                {% set name = (view.get('prefix') or '') ~ ml_ledger.column_name(column) %}
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
    What is wrong with the declaration that an entry of `views` relies on.
    Arguments: where, how the entry is called in problems; view, as it is given.
    Returns: list of texts.
#}
{% macro declaration_problems(where, view) %}
    {% set relation = view.get('relation') %}
    {% set spec = ml_ledger.feature_view_spec(relation) %}
    {% set problems = [] %}
    {% if spec and ('timestamp' not in view or 'columns' not in view or view.get('entity') is none) %}
        {% for problem in ml_ledger.feature_view_problems(spec.name, relation, spec) %}
            {% do problems.append(where ~ ': ' ~ problem) %}
        {% endfor %}
    {% elif not spec %}
        {% for key, example in {'timestamp': "'...'", 'columns': "['...']"}.items() if key not in view %}
            {% do problems.append(
                where ~ '.' ~ key ~ ': is missing, and ' ~ (relation or 'it')
                    ~ (' is no declared feature view' if graph.get('nodes')
                else ' is read in a unit test, where dbt shows no declarations')
                ~ ". Fix: name it here, '" ~ key ~ "': "
                ~ example ~ (', or declare the feature view once in the YAML of its dbt model: config: {meta:'
                ~ ' {feature_view:'
                ~ ' {entity: customer_id, timestamp: as_of_date}}}' if graph.get('nodes') else '') ~ '.'
            ) %}
        {% endfor %}
    {% endif %}
    {% do return(problems) %}
{% endmacro %}

{#
    What is wrong with the spine's columns that a view is joined on.
    Arguments: where, how it is called in problems; view, as of `completed_view`; entity, as of `point_in_time_join`;
    spine, relation; types, of its columns.
    Returns: list of texts.
#}
{% macro missing_spine_entity(where, view, entity, spine, types) %}
    {% set problems = [] %}
    {% for column in ml_ledger.by_argument('', view.spine_entity).values()
        if types and column is string and ml_ledger.column_name(column) | lower not in types
        and column not in ml_ledger.by_argument('', entity).values() %}
        {% do problems.append(
            where ~ ".spine_entity: is no column of " ~ spine ~ "; got '" ~ column ~ "'. Allowed: "
                ~ types.keys() | join(', ')
            ~ ". Fix: 'spine_entity': '...', the column of the spine that holds the " ~ view.entity | join(', ')
            ~ ' of the view.'
        ) %}
    {% endfor %}
    {% do return(problems) %}
{% endmacro %}

{#
    What is wrong with one feature view, apart from the others.
    Arguments: where, how it is called in problems; view, as of `completed_view`; entity, as of `point_in_time_join`;
    types, of the view's columns.
    Returns: list of texts.
#}
{% macro view_problems(where, view, entity, types) %}
    {% set keys = [
        'relation', 'timestamp', 'columns', 'entity', 'spine_entity', 'known_at', 'tie_breaker', 'prefix',
        'maximum_age_days'
    ] %}
    {% set problems, names = [], {} %}
    {% for key in view if key not in keys %}
        {% do problems.append(
            where ~ '.' ~ key ~ ': unknown key; got ' ~ view[key] ~ '. Allowed: ' ~ keys | join(', ')
                ~ '. Fix: remove the key.'
        ) %}
    {% endfor %}
    {% if not view.get('relation') %}
        {% do problems.append(where ~ ".relation: is missing. Fix: 'relation': ref(...).") %}
    {% endif %}
    {% for key in ['timestamp', 'known_at', 'tie_breaker'] if view.get(key) is not none
        or (key == 'timestamp' and key in view) %}
        {% do names.update({key: view[key]}) %}
    {% endfor %}
    {% if view.entity != ml_ledger.as_list(entity) %}
        {% do names.update(ml_ledger.by_argument('entity', view.entity)) %}
    {% endif %}
    {% if view.spine_entity != ml_ledger.as_list(entity) %}
        {% do problems.extend(
            ml_ledger.not_column_names(where ~ '.', ml_ledger.by_argument('spine_entity', view.spine_entity))
        ) %}
    {% endif %}
    {% do problems.extend(ml_ledger.not_column_names(where ~ '.', names)) %}
    {% do problems.extend(
        ml_ledger.unequal_entities(where ~ '.entity', view.entity, where ~ '.spine_entity', view.spine_entity)
    ) %}
    {% set columns = view.get('columns') %}
    {% if 'columns' not in view %}
    {% elif columns is string or columns is mapping or columns is not sequence or not columns
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
    {% do names.update(ml_ledger.by_argument('entity', view.entity)) %}
    {% do problems.extend(ml_ledger.missing_columns(where ~ '.', view.get('relation'), types, names)) %}
    {% do return(problems) %}
{% endmacro %}
