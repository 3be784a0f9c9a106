{#
    The kind of feature that values of a type are, unless an ML model declares another one.
    Arguments: type, SQL, in lower case.
    Returns: numeric, categorical, boolean, date or other.
#}
{% macro column_kind(type) %}
    {% set word = type.split('(')[0] | trim %}
    {% if type.endswith(']') %}
        {% do return('other') %}
    {% elif word in ['bool', 'boolean'] %}
        {% do return('boolean') %}
    {% elif word.startswith('timestamp') or word.startswith('date') %}
        {% do return('date') %}
    {% elif ml_ledger.sums_exactly(type) or word in [
        'real', 'float', 'float4', 'float8', 'float64', 'double', 'double precision'
    ] %}
        {% do return('numeric') %}
    {% elif word in ['varchar', 'character varying', 'char', 'character', 'bpchar', 'text', 'string', 'enum', 'uuid'] %}
        {% do return('categorical') %}
    {% endif %}
    {% do return('other') %}
{% endmacro %}
