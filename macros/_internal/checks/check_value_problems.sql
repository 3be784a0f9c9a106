{#
    What is wrong with the values of a check's keys.
    Arguments: where; kind; check, mapping; source and its types.
    Returns: list of texts.
#}
{% macro check_value_problems(where, kind, check, source, types) %}
    {% set problems, texts = [], ['pattern', 'reason'] %}
    {% if kind == 'holds' %}
        {% do texts.append('holds') %}
    {% else %}
        {% do problems.extend(ml_ledger.column_list_problems(where ~ '.' ~ kind, check[kind], source, types)) %}
        {% if kind not in ['not_duplicate', 'refers_to'] and check[kind] is not string and not problems %}
            {% do problems.append(
                where ~ '.' ~ kind ~ ': must be one column; got ' ~ (check[kind] | tojson)
                    ~ '. Fix: write a check for each.'
            ) %}
        {% endif %}
    {% endif %}
    {% for key in texts + (['to'] if kind == 'castable' else [])
        if check.get(key) is not none and (check[key] is not string or not check[key] | trim) %}
        {% do problems.append(
            where ~ '.' ~ key ~ ': must be a text; got ' ~ check[key] ~ ". Fix: '" ~ key ~ "': '...'."
        ) %}
    {% endfor %}
    {% for key in ['values', 'levels'] if check.get(key) is not none %}
        {% if check[key] is string or check[key] is mapping or check[key] is not sequence or not check[key] %}
            {% do problems.append(
                where ~ '.' ~ key ~ ': must be a list of at least one value; got ' ~ check[key] ~ ". Fix: '" ~ key
                    ~ "': [...]."
            ) %}
        {% endif %}
    {% endfor %}
    {% do problems.extend(ml_ledger.bound_problems(where, kind, check)) %}
    {% if kind == 'refers_to' and check.get('to_columns') is not none %}
        {% do problems.extend(ml_ledger.reference_problems(where, check)) %}
    {% endif %}
    {% do return(problems) %}
{% endmacro %}

{#
    What is wrong with the bounds of a check.
    Arguments: where; kind; check, mapping.
    Returns: list of texts.
#}
{% macro bound_problems(where, kind, check) %}
    {% set problems = [] %}
    {% set low, high = check.get('low'), check.get('high') %}
    {% if kind == 'within' and low is none and high is none %}
        {% do problems.append(where ~ ": needs bounds; got neither low nor high. Fix: 'low': 0.") %}
    {% elif low is number and high is number and low > high %}
        {% do problems.append(
            where ~ ': low is above high, so no value would be good; got ' ~ low ~ ' and ' ~ high
                ~ '. Fix: exchange them.'
        ) %}
    {% endif %}
    {% for name, bound in {'low': low, 'high': high, 'limit': check.get('limit')}.items()
        if bound is not none and (
            bound is boolean or bound is not string and bound is not number or bound is string and not bound | trim
        ) %}
        {% do problems.append(
            where ~ '.' ~ name ~ ': must be a bound; got ' ~ bound
                ~ ". Allowed: a number, a day in quotes ('1998-01-31'), or SQL"
            ~ ' as text.'
        ) %}
    {% endfor %}
    {% do return(problems) %}
{% endmacro %}

{#
    What is wrong with the columns that a check refers to.
    Arguments: where; check, mapping with to_columns.
    Returns: list of texts.
#}
{% macro reference_problems(where, check) %}
    {% set columns = ml_ledger.as_list(check.refers_to) %}
    {% set to_columns = ml_ledger.as_list(check.to_columns) %}
    {% set problems = ml_ledger.column_list_problems(
        where ~ '.to_columns', check.to_columns, check.get('to'), ml_ledger.column_types(check.get('to'))
    ) %}
    {% if not problems and columns | length != to_columns | length %}
        {% do problems.append(
            where ~ '.to_columns: must be as many as the columns that refer; got ' ~ (check.to_columns | tojson)
                ~ ' for '
            ~ (check.refers_to | tojson) ~ '.'
        ) %}
    {% endif %}
    {% do return(problems) %}
{% endmacro %}
