{#
    What is wrong with a row by one check of `checked_rows`, as text.
    Arguments: check, mapping, valid; number, its place among the checks.
    Returns: SQL, a text that is NULL where the row passes.
#}
{% macro row_fault(check, number) %}
    {% set kind = ml_ledger.row_check_kind(check) %}
    {% set columns = [check[kind]] if check[kind] is string else check[kind] %}
    {% set name = ml_ledger.column_name(columns[0]) %}
    {% set column = columns[0] if kind == 'holds' else ml_ledger.column(columns[0]) %}
    {% set text = 'cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ ')' %}
    {% if kind == 'not_missing' %}
        {% set cases = {column ~ ' is null': ml_ledger.text_literal(name ~ ' is missing')} %}
    {% elif kind == 'holds' %}
        {% set cases = {'not coalesce(' ~ column ~ ', false)': ml_ledger.text_literal('does not hold: ' ~ column)} %}
    {% elif kind == 'within' %}
        {% set cases = ml_ledger.beyond_bounds(column, {'below': check.get('low'), 'above': check.get('high')}) %}
    {% elif kind == 'not_after' %}
        {% set cases = ml_ledger.beyond_bounds(column, {'after': check.get('limit') or ml_ledger.clock()}) %}
    {% elif kind == 'refers_to' %}
        {% set cases = ml_ledger.refers_to_nothing(columns, check.to, number) %}
    {% else %}
        {% set condition, words = ml_ledger.not_as_declared(kind, check, column, text) %}
        {% set cases = {
            condition:
                ml_ledger.text_literal(name ~ " '") ~ ' || ' ~ text ~ ' || ' ~ ml_ledger.text_literal("' " ~ words),
        } %}
    {% endif %}
    {% do return(ml_ledger.fault_in_words(cases, check.get('reason'))) %}
{% endmacro %}

{#
    Words where a row has a fault.
    Arguments: cases, mapping of conditions to words, both SQL; reason, words of the user in their place, or none.
    Returns: SQL, a text that is NULL where no condition holds.
#}
{% macro fault_in_words(cases, reason) %}
    {% set parts = [] %}
    {% for condition, words in cases.items() %}
        {% do parts.append(
            'when ' ~ condition ~ ' then ' ~ (words if reason is none else ml_ledger.sentence(reason))
        ) %}
    {% endfor %}
    {% do return('case ' ~ parts | join(' ') ~ ' end') %}
{% endmacro %}

{#
    When a value is not what its check declares, and what to call it. NULL is not looked at: SQL leaves it out.
    Arguments: kind; check, mapping; column; text, SQL of the value as text.
    Returns: list of the condition, SQL, and the words that follow the value.
#}
{% macro not_as_declared(kind, check, column, text) %}
    {% if kind == 'not_default' %}
        {% do return([
            ml_ledger.as_written(column) ~ ' in (' ~ ml_ledger.written_literals(check['values']) ~ ')',
            'is a placeholder for a missing value',
        ]) %}
    {% elif kind == 'matches' %}
        {% do return([
            'not ' ~ ml_ledger.matches(text, ml_ledger.format_pattern(check.pattern)), 'does not match ' ~ check.pattern
        ]) %}
    {% elif kind == 'castable' %}
        {% do return([
            column ~ ' is not null and not (' ~ ml_ledger.can_be_cast(text, check.to) ~ ')',
            'cannot be read as ' ~ check.to
        ]) %}
    {% endif %}
    {% set levels, count = [], check.levels | length %}
    {% for level in check.levels %}
        {% do levels.append(ml_ledger.literal(level)) %}
    {% endfor %}
    {% do return([
        column ~ ' not in (' ~ levels | join(', ') ~ ')',
        'is not one of ' ~ check.levels[:10] | join(', ') ~ (', ... (' ~ count ~ ' in all)' if count > 10 else ''),
    ]) %}
{% endmacro %}

{#
    When a value is beyond its bounds, in words.
    Arguments: column; bounds, mapping of below, above or after to a number, a day or SQL, none where there is no bound.
    A bound of SQL that is NULL is none.
    Returns: mapping of conditions to words, both SQL.
#}
{% macro beyond_bounds(column, bounds) %}
    {% set cases, text = {}, dbt.type_string() %}
    {% for side, bound in bounds.items() if bound is not none %}
        {% set is_day = bound is string and modules.re.match('[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]|$)', bound | trim) %}
        {% set is_value = bound is number or is_day %}
        {% set limit = ml_ledger.literal(bound) if is_value else '(' ~ bound ~ ')' %}
        {% set words = ml_ledger.text_literal(ml_ledger.column_name(column) ~ ' ') ~ ' || cast(' ~ column ~ ' as '
            ~ text ~ ') || ' %}
        {% do cases.update({
            column ~ (' < ' if side == 'below' else ' > ') ~ limit:
                words ~ ml_ledger.text_literal(' is ' ~ side ~ ' ' ~ bound) if is_value
                else words ~ ml_ledger.text_literal(' is ' ~ side ~ ' ') ~ ' || cast(' ~ limit ~ ' as ' ~ text ~ ')'
        }) %}
    {% endfor %}
    {% do return(cases) %}
{% endmacro %}

{#
    When a row refers to nothing, in words. NULL refers to nothing, and is no fault here.
    Arguments: columns, list; to, relation; number, of the check, as in `row_check_joins`.
    Returns: mapping of the condition to words, both SQL.
#}
{% macro refers_to_nothing(columns, to, number) %}
    {% set given = [] %}
    {% for column in ml_ledger.columns(columns, '_ml_source') %}
        {% do given.append(column ~ ' is not null and ') %}
    {% endfor %}
    {% do return({
        given | join ~ '_ml_target_' ~ number ~ '._ml_column_1 is null':
            ml_ledger.key_text(columns, '_ml_source') ~ ' || '
            ~ ml_ledger.text_literal(' is not in ' ~ (to if to is string else to.identifier))
    }) %}
{% endmacro %}

{#
    Whether a row is a copy of an earlier good row, in words.
    Arguments: check, mapping; key, as in `checked_rows`. Reads `_ml_is_good`.
    Returns: SQL, a text that is NULL where the row passes.
#}
{% macro duplicate_fault(check, key) %}
    {% set columns, names, order = ml_ledger.columns(check.not_duplicate), [], [] %}
    {% for column in ml_ledger.as_list(check.not_duplicate) %}
        {% do names.append(ml_ledger.column_name(column)) %}
    {% endfor %}
    {% for given in [check.get('order_by'), key] if given %}
        {% for column in ml_ledger.as_list(given) %}
            {% set direction = modules.re.search('(?i) (asc|desc)$', column) %}
            {% do order.append(ml_ledger.column(column) if not direction else column) %}
        {% endfor %}
    {% endfor %}
    {% set copies = 'over (\n    partition by ' ~ columns | join(', ') ~ ', _ml_is_good order by '
        ~ order | unique | join(', ') ~ '\n)' %}
    {% set original = 'first_value(' ~ ml_ledger.key_text(key) ~ ') ' ~ copies if key else "'an earlier row'" %}
    {% do return(ml_ledger.fault_in_words({
        '_ml_is_good = 1 and row_number() ' ~ copies ~ ' > 1':
            "'copy of ' || " ~ original ~ ' || ' ~ ml_ledger.text_literal(': same ' ~ names | join(', '))
    }, check.get('reason'))) %}
{% endmacro %}
