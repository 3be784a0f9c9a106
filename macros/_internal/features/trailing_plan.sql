{#
    What `trailing` computes, and how its columns follow from that.

    Running sums at both ends of a window, subtracted, are the sum over it: one sort serves all windows. That holds for
    counts and for sums that are exact. A double that is NaN or infinite, or 1e300, would spoil every later window of
    its entity, so sums of doubles, and of columns whose type is not known, are taken over the window's frame, like min
    and max.

    Arguments: aggregates, windows and strictly_before, as of `trailing`; types, of the columns of the events.
    Returns: mapping: columns, whose values are needed; ends, days before the as-of moment; running, expressions summed
    from the first event on, by name; frames, pairs of expression and days, by name; distinct, numbers of the columns
    whose values are counted; outputs, SQL by column name.
#}
{% macro trailing_plan(aggregates, windows, strictly_before, types) %}
    {% set columns, running, frames, distinct, outputs = [], {}, {}, [], {} %}
    {% for name, wanted in aggregates.items() %}
        {% set aggregate, column = wanted.aggregate, wanted.get('column') %}
        {% if column is not none and column not in columns %}
            {% do columns.append(column) %}
        {% endif %}
        {% set number = columns.index(column) + 1 if column is not none else none %}
        {% set value, counted, summed = '_ml_value_' ~ number, '_ml_counted_' ~ number, '_ml_summed_' ~ number %}
        {% set exact = ml_ledger.sums_exactly(types.get(ml_ledger.column_name(column or '') | lower)) %}
        {% if aggregate == 'count' and column is none %}
            {% do running.update({'_ml_counted': 'sum(_ml_event)'}) %}
        {% elif aggregate in ['count', 'mean'] %}
            {% do running.update({counted: 'count(' ~ value ~ ')'}) %}
        {% endif %}
        {% if aggregate in ['sum', 'mean'] and exact %}
            {% do running.update({summed: 'sum(' ~ value ~ ')'}) %}
        {% elif aggregate == 'days_since_last' %}
            {% do running.update({'_ml_last': 'max(_ml_happened)'}) %}
        {% elif aggregate == 'days_since_first' %}
            {% do running.update({'_ml_first': 'min(_ml_happened)'}) %}
        {% elif aggregate == 'count_distinct' and number not in distinct %}
            {% do distinct.append(number) %}
        {% endif %}
        {% for days in windows if not aggregate.startswith('days_since') %}
            {% set output = name ~ '_' ~ ml_ledger.window_name(days) %}
            {% set count = ml_ledger.between_ends('_ml_counted' if column is none else counted, days) %}
            {% set sum = ml_ledger.between_ends(summed, days) %}
            {% if aggregate in ['min', 'max'] or (aggregate in ['sum', 'mean'] and not exact) %}
                {% set function = 'sum' if aggregate == 'mean' else aggregate %}
                {% set frame = '_ml_' ~ function ~ '_' ~ number ~ '_' ~ ml_ledger.window_name(days) %}
                {% do frames.update({frame: (function ~ '(' ~ value ~ ')', days)}) %}
                {% set sum = 'ends.' ~ frame %}
            {% endif %}
            {% if aggregate == 'count' %}
                {% do outputs.update({output: 'cast(' ~ count ~ ' as ' ~ dbt.type_bigint() ~ ')'}) %}
            {% elif aggregate == 'sum' and exact %}
                {% do outputs.update({output: sum}) %}
            {% elif aggregate == 'sum' %}
                {% do outputs.update(
                    {output: 'case when ends._ml_as_of is not null then coalesce(' ~ sum ~ ', 0) end'}
                ) %}
            {% elif aggregate == 'mean' %}
                {% set double = ml_ledger.type_double() %}
                {% do outputs.update({
                    output: 'cast(' ~ sum ~ ' as ' ~ double ~ ') / cast(nullif(' ~ count ~ ', 0) as ' ~ double ~ ')'
                }) %}
            {% elif aggregate == 'count_distinct' %}
                {% set found = '_ml_distinct_' ~ number ~ '._ml_count_' ~ ml_ledger.window_name(days) %}
                {% do outputs.update({output: 'cast(' ~ found ~ ' as ' ~ dbt.type_bigint() ~ ')'}) %}
            {% else %}
                {% do outputs.update({output: sum}) %}
            {% endif %}
        {% endfor %}
        {% if aggregate.startswith('days_since') %}
            {% set event = 'ends._ml_last_at_0' if aggregate == 'days_since_last' else 'ends._ml_first_at_0' %}
            {% set elapsed, day = '(ends._ml_as_of - ' ~ event ~ ')', ml_ledger.microseconds(1) %}
            {% do outputs.update({
                name: 'cast((' ~ elapsed ~ ' - ' ~ elapsed ~ ' % ' ~ day ~ ') / ' ~ day
                    ~ ' as ' ~ dbt.type_bigint() ~ ')'
            }) %}
        {% endif %}
    {% endfor %}
    {% set ends = [0] %}
    {% if running.keys() | reject('in', ['_ml_last', '_ml_first']) | list %}
        {% do ends.extend(windows | reject('none') | list) %}
    {% elif not running and not frames %}
        {% do running.update({'_ml_counted': 'sum(_ml_event)'}) %}
    {% endif %}
    {% do return({
        'columns': columns, 'ends': ends, 'running': running, 'frames': frames, 'distinct': distinct, 'outputs': outputs
    }) %}
{% endmacro %}

{# What has been summed at the as-of moment, less what had been when the window begins. #}
{% macro between_ends(name, days) %}
    {% set at_as_of = 'ends.' ~ name ~ '_at_0' %}
    {% if days is none %}
        {% do return('case when ends._ml_as_of is not null then coalesce(' ~ at_as_of ~ ', 0) end') %}
    {% endif %}
    {% do return(
        'case when ends._ml_as_of is not null then coalesce(' ~ at_as_of ~ ', 0) - coalesce(ends.' ~ name ~ '_at_'
            ~ days
        ~ ', 0) end'
    ) %}
{% endmacro %}

{#
    Whether sums of this type are the same in any order, and without NaN and infinity.
    Arguments: type, SQL, or none if not known.
    Returns: boolean.
#}
{% macro sums_exactly(type) %}
    {% set exact = [
        'decimal', 'numeric', 'number', 'bignumeric', 'int', 'integer', 'bigint', 'smallint', 'tinyint', 'hugeint',
        'int2', 'int4', 'int8', 'int64', 'uinteger', 'ubigint', 'usmallint', 'utinyint', 'uhugeint', 'byteint', 'long',
    ] %}
    {% do return(type is string and type.split('(')[0] | trim in exact) %}
{% endmacro %}
