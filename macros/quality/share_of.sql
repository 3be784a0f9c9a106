{#
    A part of a whole as a double, and for a reader with four decimals. NULL where the whole is 0.
    Arguments: part and whole, SQL expressions of numbers.
    Returns: SQL.
    Example: {{ ml_ledger.share_text('missing', 'total') }} as share
#}
{% macro share_of(part, whole) %}
    {% do return('cast(' ~ part ~ ' as ' ~ ml_ledger.type_double() ~ ') / nullif(' ~ whole ~ ', 0)') %}
{% endmacro %}

{% macro share_text(part, whole) %}
    {% do return(ml_ledger.short_number(ml_ledger.share_of(part, whole))) %}
{% endmacro %}

{% macro short_number(value) %}
    {% do return('cast(cast(' ~ value ~ ' as decimal(38, 4)) as ' ~ dbt.type_string() ~ ')') %}
{% endmacro %}
