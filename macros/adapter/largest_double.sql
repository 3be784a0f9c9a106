{#
    The largest finite 8 byte floating point number. A value whose absolute value is at most this is neither NaN nor
    infinite: engines order NaN above every number.
    Returns: SQL.
    Example: where abs(score) <= {{ ml_ledger.largest_double() }}
#}
{% macro largest_double() %}
    {% do return("cast('1.7976931348623157e308' as " ~ ml_ledger.type_double() ~ ')') %}
{% endmacro %}
