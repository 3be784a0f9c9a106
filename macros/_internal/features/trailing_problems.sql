{#
    What is wrong with the arguments of `trailing`.
    Arguments: as there.
    Returns: list of texts.
#}
{% macro trailing_problems(spine, events, entity, as_of, timestamp, aggregates, windows, known_at, events_entity) %}
    {% set problems = [] %}
    {% for argument, relation in {'spine': spine, 'events': events}.items() if not relation %}
        {% do problems.append(argument ~ ': must be a relation; got nothing. Fix: pass ' ~ argument ~ '=ref(...).') %}
    {% endfor %}
    {% set of_spine, of_events = {'as_of': as_of}, {'timestamp': timestamp} %}
    {% do of_spine.update(ml_ledger.by_argument('entity', entity)) %}
    {% set of_entity = ml_ledger.by_argument('events_entity', events_entity) %}
    {% if events_entity != entity %}
        {% do of_events.update(of_entity) %}
        {% do problems.extend(ml_ledger.unequal_entities('events_entity', events_entity, 'entity', entity)) %}
    {% endif %}
    {% if known_at is not none %}
        {% do of_events.update({'known_at': known_at}) %}
    {% endif %}
    {% do problems.extend(ml_ledger.not_column_names('', of_spine)) %}
    {% do problems.extend(ml_ledger.not_column_names('', of_events)) %}
    {% do of_events.update(of_entity) %}
    {% set spine_types, types = ml_ledger.column_types(spine), ml_ledger.column_types(events) %}
    {% do problems.extend(ml_ledger.missing_columns('', spine, spine_types, of_spine)) %}
    {% do problems.extend(ml_ledger.missing_columns('', events, types, of_events)) %}
    {% set moments = [['as_of', spine_types, as_of], ['timestamp', types, timestamp], ['known_at', types, known_at]] %}
    {% do problems.extend(ml_ledger.moment_problems(moments)) %}
    {% do problems.extend(ml_ledger.aggregate_problems(aggregates, events, types)) %}
    {% do problems.extend(ml_ledger.window_problems(windows)) %}
    {% do return(problems) %}
{% endmacro %}

{#
    What is wrong with the argument `aggregates` of `trailing`.
    Arguments: aggregates; events, relation; types, of its columns.
    Returns: list of texts.
#}
{% macro aggregate_problems(aggregates, events, types) %}
    {% set known = ['count', 'sum', 'mean', 'min', 'max', 'count_distinct', 'days_since_last', 'days_since_first'] %}
    {% set problems = [] %}
    {% if aggregates is not mapping or not aggregates %}
        {% do problems.append(
            'aggregates: must be a mapping of names to mappings, at least one; got ' ~ aggregates
            ~ ". Fix: aggregates={'orders': {'aggregate': 'count'}}."
        ) %}
    {% endif %}
    {% for name, wanted in (aggregates if aggregates is mapping else {}).items() %}
        {% set where = 'aggregates.' ~ name %}
        {% if wanted is not mapping or wanted.get('aggregate') not in known %}
            {% do problems.append(
                where ~ '.aggregate: is not a known aggregate; got '
                ~ (wanted.get('aggregate') if wanted is mapping else wanted) ~ '. Allowed: ' ~ known | join(', ')
                ~ ". Fix: '" ~ name ~ "': {'aggregate': 'count'}."
            ) %}
        {% else %}
            {% set column, without = wanted.get('column'), wanted.aggregate.startswith('days_since') %}
            {% for key in wanted if key not in ['aggregate', 'column'] %}
                {% do problems.append(
                    where ~ '.' ~ key ~ ': unknown key; got ' ~ wanted[key]
                        ~ '. Allowed: aggregate, column. Fix: remove the key.'
                ) %}
            {% endfor %}
            {% if without and column is not none %}
                {% do problems.append(
                    where ~ '.column: ' ~ wanted.aggregate ~ ' is about events, not values; got ' ~ column
                        ~ '. Fix: remove the key.'
                ) %}
            {% elif not without and column is not string and not (wanted.aggregate == 'count' and column is none) %}
                {% do problems.append(
                    where ~ '.column: must be the name of a column to take the ' ~ wanted.aggregate ~ ' of; got '
                    ~ (column or 'nothing') ~ ". Fix: 'column': '...'."
                ) %}
            {% endif %}
            {% do problems.extend(ml_ledger.missing_columns(where ~ '.', events, types, {'column': column})) %}
        {% endif %}
    {% endfor %}
    {% do return(problems) %}
{% endmacro %}

{#
    What is wrong with the argument `windows` of `trailing`.
    Returns: list of texts.
#}
{% macro window_problems(windows) %}
    {% set problems = [] %}
    {% set fix = '. Allowed: whole numbers of days above 0, and none for the lifetime. Fix: windows=[30, 90, none].' %}
    {% if windows is string or windows is mapping or windows is not sequence or not windows %}
        {% do problems.append('windows: must be a list of at least one window; got ' ~ windows ~ fix) %}
        {% do return(problems) %}
    {% endif %}
    {% for days in windows if days is not none and (days is not integer or days is boolean or days < 1) %}
        {% do problems.append('windows: has one that is no window; got ' ~ (days | tojson) ~ fix) %}
    {% endfor %}
    {% if windows | unique | list | length < windows | length %}
        {% do problems.append('windows: names a window twice; got ' ~ windows | join(', ') ~ '. Fix: remove one.') %}
    {% endif %}
    {% do return(problems) %}
{% endmacro %}
