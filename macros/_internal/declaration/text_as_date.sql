{#
    A text as a date; NULL where it is none, which is for others to refuse.
    Arguments: text, SQL expression.
    Returns: SQL, an expression.
    Example: {{ ml_ledger.text_as_date('declared.next_validation') }}
#}
{% macro text_as_date(text) -%}
case when {{ ml_ledger.can_be_cast(text, 'date') }} then cast({{ text }} as date) end
{%- endmacro %}
