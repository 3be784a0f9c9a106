{#
    What is wrong with the arguments of `checked_rows`.
    Arguments: as there.
    Returns: list of texts.
#}
{% macro row_check_problems(source, checks, key) %}
    {% set problems = [] %}
    {% set types = ml_ledger.column_types(source) %}
    {% if not source %}
        {% do problems.append('source: must be a relation; got nothing. Fix: pass source=ref(...).') %}
    {% endif %}
    {% for column in ['quarantine_reasons', 'quarantine_checks', 'warnings'] if column in types %}
        {% do problems.append(
            'source: has a column ' ~ column ~ ' already, which would be added; got ' ~ source
                ~ '. Fix: rename it there.'
        ) %}
    {% endfor %}
    {% if key is not none %}
        {% do problems.extend(ml_ledger.column_list_problems('key', key, source, types)) %}
    {% endif %}
    {% if checks is not mapping or not checks %}
        {% do problems.append(
            'checks: must be a mapping of names to mappings, at least one; got ' ~ checks
            ~ ". Fix: checks={'amount': {'not_missing': 'amount'}}."
        ) %}
    {% endif %}
    {% for name, check in (checks if checks is mapping else {}).items() %}
        {% set where = 'checks.' ~ name %}
        {% set kinds = ml_ledger.row_check_kinds() %}
        {% set kind = ml_ledger.row_check_kind(check) if check is mapping else none %}
        {% if kind is none %}
            {% do problems.append(
                where ~ ': must say one thing to check; got ' ~ check ~ '. Allowed: one of ' ~ kinds.keys() | join(', ')
                ~ ". Fix: '" ~ name ~ "': {'not_missing': '...'}."
            ) %}
        {% else %}
            {% do problems.extend(ml_ledger.check_key_problems(where, kind, kinds[kind], check)) %}
            {% do problems.extend(ml_ledger.check_value_problems(where, kind, check, source, types)) %}
            {% if kind == 'not_duplicate' and not key and not check.get('order_by') %}
                {% do problems.append(
                    where ~ ".order_by: is missing: it says which row is the first. Fix: 'order_by': '...', or pass"
                        ~ " key."
                ) %}
            {% elif check.get('action') == 'fail' and not key %}
                {% do problems.append(
                    where ~ ".action: fail names an example, and needs a key; got none. Fix: pass key='...'."
                ) %}
            {% endif %}
        {% endif %}
    {% endfor %}
    {% do return(problems) %}
{% endmacro %}

{#
    What is wrong with a column or a list of columns.
    Arguments: where, text before the problem; given; relation and its types, as of `column_types`.
    Returns: list of texts.
#}
{% macro column_list_problems(where, given, relation, types) %}
    {% set columns = ml_ledger.as_list(given) %}
    {% if columns is mapping or columns is not sequence or not columns or columns | reject('string') | list
        or '' in columns | map('trim') %}
        {% do return([
            where ~ ': must be the name of a column, or a list of them; got ' ~ (given | tojson) ~ ". Fix: '...'."
        ]) %}
    {% endif %}
    {% set problems = [] %}
    {% for column in columns %}
        {% do problems.extend(ml_ledger.missing_columns('', relation, types, {where: column})) %}
    {% endfor %}
    {% do return(problems) %}
{% endmacro %}

{#
    Which keys a check lacks, or has too many, and whether its action is one.
    Arguments: where; kind; wanted, its keys; check, mapping.
    Returns: list of texts.
#}
{% macro check_key_problems(where, kind, wanted, check) %}
    {% set problems = [] %}
    {% set known = [kind] + wanted.needs + wanted.may + ['action', 'reason'] %}
    {% for key in check if key not in known %}
        {% do problems.append(
            where ~ '.' ~ key ~ ': unknown key of ' ~ kind ~ '; got ' ~ check[key] ~ '. Allowed: ' ~ known | join(', ')
            ~ '. Fix: remove the key.'
        ) %}
    {% endfor %}
    {% for key in wanted.needs if check.get(key) is none %}
        {% do problems.append(where ~ '.' ~ key ~ ': is missing; ' ~ kind ~ " needs it. Fix: '" ~ key ~ "': ....") %}
    {% endfor %}
    {% if check.get('action', 'quarantine') not in ['warn', 'quarantine', 'fail'] %}
        {% do problems.append(
            where ~ '.action: has a value that is not allowed; got ' ~ (check.action | tojson)
            ~ '. Allowed: warn, quarantine, fail. Fix: correct it, or leave it out to set rows aside.'
        ) %}
    {% endif %}
    {% do return(problems) %}
{% endmacro %}
