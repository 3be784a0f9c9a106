{#
    The type of an 8 byte floating point number.
    Returns: SQL type.
    Example: cast(amount as {{ ml_ledger.type_double() }})
#}
{% macro type_double() %}
    {% do return(adapter.dispatch('type_double', 'ml_ledger')()) %}
{% endmacro %}

{% macro default__type_double() %}
    {% do return('double') %}
{% endmacro %}

{% macro postgres__type_double() %}
    {% do return('double precision') %}
{% endmacro %}
