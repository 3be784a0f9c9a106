{#
    The kinds of checks of `checked_rows`: for each, the keys it needs and those it may have, beside action and reason.
    Returns: mapping.
#}
{% macro row_check_kinds() %}
    {% do return({
        'not_missing': {'needs': [], 'may': []},
        'within': {'needs': [], 'may': ['low', 'high']},
        'not_default': {'needs': ['values'], 'may': []},
        'matches': {'needs': ['pattern'], 'may': []},
        'castable': {'needs': ['to'], 'may': []},
        'one_of': {'needs': ['levels'], 'may': []},
        'not_duplicate': {'needs': [], 'may': ['order_by']},
        'refers_to': {'needs': ['to'], 'may': ['to_columns']},
        'not_after': {'needs': [], 'may': ['limit']},
        'holds': {'needs': [], 'may': []},
    }) %}
{% endmacro %}

{#
    The kind of a check.
    Arguments: check, mapping.
    Returns: string; none where the check has not exactly one.
#}
{% macro row_check_kind(check) %}
    {% set found = [] %}
    {% for key in check if key in ml_ledger.row_check_kinds() %}
        {% do found.append(key) %}
    {% endfor %}
    {% do return(found[0] if found | length == 1 else none) %}
{% endmacro %}
