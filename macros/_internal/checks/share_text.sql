{#
    A part of a whole, as text for a reader, with four decimals. NULL where the whole is 0.
    Arguments: part and whole, SQL expressions of numbers.
    Returns: SQL.
    Example: {{ ml_ledger.share_text('missing', 'total') }} as share
#}
{% macro share_text(part, whole) %}
    {% do return(ml_ledger.short_number(ml_ledger.share_of(part, whole))) %}
{% endmacro %}
