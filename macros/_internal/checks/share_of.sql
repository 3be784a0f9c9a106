{#
    A part of a whole, as a double. NULL where the whole is 0.
    Arguments: part and whole, SQL expressions of numbers.
    Returns: SQL.
    Example: {{ ml_ledger.share_of('missing', 'total') }} as share
#}
{% macro share_of(part, whole) %}
    {% do return('cast(' ~ part ~ ' as ' ~ ml_ledger.type_double() ~ ') / nullif(' ~ whole ~ ', 0)') %}
{% endmacro %}
