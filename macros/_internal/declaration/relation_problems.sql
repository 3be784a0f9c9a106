{#
    What is wrong with the features or the labels of an ML model: they lack a column, have one of a type that cannot be
    read the same by everyone, or have keys that cannot be joined. What is not built yet is not looked at.

    A key is a text, a whole number, a date or a UUID: another type has several texts for one value (17, 17.0). A moment
    has no time zone: what it reads would depend on the zone of the session.

    Arguments: ml_model, its name; features and labels, relations, or none.
    Returns: list of texts.
    Example: {% set problems = ml_ledger.relation_problems('repurchase', features=features) %}
#}
{% macro relation_problems(ml_model, features=none, labels=none) %}
    {% set spec, problems, keys, moments = ml_ledger.ml_model_spec(ml_model), [], [], [] %}
    {% set given = {'features': features, 'labels': labels} %}
    {% for argument, relation in given.items() if execute and relation is not none %}
        {% set types = ml_ledger.column_types(relation) %}
        {% set columns = {'entity': spec.entity, 'as_of': spec.as_of} %}
        {% if argument == 'labels' %}
            {% do columns.update({'label': spec.label, 'never': spec.never, 'matured_at': 'matured_at'}) %}
        {% endif %}
        {% do problems.extend(ml_ledger.missing_columns(argument ~ ': ', relation, types, columns)) %}
        {% for key, column in columns.items() if column is not none and column | lower in types %}
            {% set found = {
                'where': argument ~ ': ' ~ key, 'column': column, 'type': types[column | lower],
                'relation': relation | string
            } %}
            {% if key == 'entity' %}
                {% do keys.append(found) %}
            {% elif key in ['as_of', 'matured_at'] %}
                {% do problems.extend(ml_ledger.moment_type_problems(found)) %}
            {% else %}
                {% do problems.extend(ml_ledger.label_type_problems(key, found, spec.task)) %}
            {% endif %}
        {% endfor %}
    {% endfor %}
    {% do problems.extend(ml_ledger.key_type_problems(keys)) %}
    {% do return(problems) %}
{% endmacro %}

{#
    What is wrong with the type of a moment.
    Arguments: found, mapping of where, column, type and relation.
    Returns: list of texts.
#}
{% macro moment_type_problems(found) %}
    {% set got = "got '" ~ found.column ~ "' of " ~ found.relation ~ ', which is ' ~ found.type ~ '. Allowed: a'
        ~ ' date, or a'
        ~ ' timestamp without a time zone. Fix: ' %}
    {% if ml_ledger.has_time_zone(found.type) %}
        {% do return([
            found.where ~ ': must have no time zone, since what is read of it would depend on the zone of the session; '
            ~ got ~ 'take its time in a zone that you name, in the model that is read: ' ~ found.column
            ~ " at time zone 'UTC'."
        ]) %}
    {% elif not (found.type.startswith('timestamp') or found.type.startswith('date')) %}
        {% do return([
            found.where ~ ': must be a date or a timestamp; ' ~ got
                ~ 'cast it in the model that is read; a month as text'
            ~ " such as '2024-08' with cast(" ~ found.column ~ " || '-01' as date)."
        ]) %}
    {% endif %}
    {% do return([]) %}
{% endmacro %}

{#
    What is wrong with the type of a label, or of the column that says that there will never be one.
    Arguments: key, label or never; found, as of `moment_type_problems`; task, of the declaration.
    Returns: list of texts.
#}
{% macro label_type_problems(key, found, task) %}
    {% set got = "; got '" ~ found.column ~ "' of " ~ found.relation ~ ', which is ' ~ found.type ~ '. Fix: cast it'
        ~ ' in the label'
        ~ ' model.' %}
    {% set kind = ml_ledger.column_kind(found.type) %}
    {% if key == 'never' and kind != 'boolean' %}
        {% do return([found.where ~ ': must be boolean, true for what never gets a label' ~ got]) %}
    {% elif key == 'label' and ml_ledger.has_time_zone(found.type) %}
        {% do return([found.where ~ ': must have no time zone' ~ got]) %}
    {% elif key == 'label' and task == 'multiclass' and kind == 'numeric'
        and not ml_ledger.is_whole_number_type(found.type) %}
        {% do return(
            [found.where ~ ': must have one text per class, so be a text, a whole number or a boolean' ~ got]
        ) %}
    {% endif %}
    {% do return([]) %}
{% endmacro %}

{#
    What is wrong with the types of entities that are joined.
    Arguments: keys, list of mappings as of `moment_type_problems`.
    Returns: list of texts.
#}
{% macro key_type_problems(keys) %}
    {% set problems, families = [], {} %}
    {% for found in keys %}
        {% set family = ml_ledger.key_family(found.type) %}
        {% do families.update({family: found}) %}
        {% if family is none %}
            {% do problems.append(
                found.where ~ ': a key must be a text, a whole number, a date or a UUID, which have one text per'
                    ~ ' value; got '
                ~ "'" ~ found.column ~ "' of " ~ found.relation ~ ', which is ' ~ found.type
                ~ '. Fix: cast it in the model that is read.'
            ) %}
        {% endif %}
    {% endfor %}
    {% if not problems and families | length > 1 %}
        {% set words = [] %}
        {% for found in keys %}
            {% do words.append(found.where ~ " '" ~ found.column ~ "' of " ~ found.relation ~ ' is ' ~ found.type) %}
        {% endfor %}
        {% do problems.append(
            'entity: keys that are joined must be of one kind; got: ' ~ words | join('; ')
            ~ '. Allowed: all texts, or all whole numbers, of any width. Fix: cast one of them in the model that is'
            ~ ' read.'
        ) %}
    {% endif %}
    {% do return(problems) %}
{% endmacro %}

{#
    Of which kind keys of a type are: those of one kind have the same text where they are the same.
    Arguments: type, SQL, in lower case.
    Returns: text, whole number, date, uuid; none for a type whose values have several texts.
#}
{% macro key_family(type) %}
    {% set word = type.split('(')[0] | trim %}
    {% if ml_ledger.is_whole_number_type(type) %}
        {% do return('whole number') %}
    {% elif word in ['date', 'uuid'] %}
        {% do return(word) %}
    {% elif ml_ledger.column_kind(type) == 'categorical' %}
        {% do return('text') %}
    {% endif %}
    {% do return(none) %}
{% endmacro %}

{# Whether values of a type are whole numbers. type: SQL, in lower case; a decimal has no digit after the point. #}
{% macro is_whole_number_type(type) %}
    {% set word = type.split('(')[0] | trim %}
    {% if word in ['decimal', 'numeric', 'number', 'bignumeric'] %}
        {% do return((type | replace(' ', '')).endswith(',0)')) %}
    {% endif %}
    {% do return(ml_ledger.sums_exactly(type)) %}
{% endmacro %}
