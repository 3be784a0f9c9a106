{#
    A number as text for a reader, with about two figures more than it is uncertain by.
    Arguments: value and uncertainty, SQL expressions of type double.
    Returns: SQL, a text.
    Example: {{ ml_ledger.readable_number('difference', 'standard_error') }}
#}
{% macro readable_number(value, uncertainty) -%}
case
    {%- for bound, decimals in [(0.0005, 6), (0.05, 4), (5, 2)] %}
    when {{ uncertainty }} < {{ bound }}
        then cast(cast({{ value }} as decimal(38, {{ decimals }})) as {{ dbt.type_string() }})
    {%- endfor %}
    else cast(cast({{ value }} as decimal(38, 0)) as {{ dbt.type_string() }})
end
{%- endmacro %}

{#
    A whole number from 0 to 999,999,999 as text, its thousands apart; a larger one without.
    Arguments: value, name of a column of type bigint.
    Returns: SQL, a text.
    Example: {{ ml_ledger.readable_count('still_needed') }} is 12,300
#}
{% macro readable_count(value) -%}
{%- set text, whole = dbt.type_string(), dbt.type_bigint() -%}
{%- set thousands = 'cast(floor(' ~ value ~ ' / 1000e0) as ' ~ whole ~ ')' -%}
{%- set millions = 'cast(floor(' ~ value ~ ' / 1000000e0) as ' ~ whole ~ ')' -%}
{%- set last_three = 'right(cast(1000 + mod(' ~ value ~ ', 1000) as ' ~ text ~ '), 3)' -%}
case
    when {{ value }} between 1000 and 999999
        then
            cast({{ thousands }} as {{ text }})
            || ',' || {{ last_three }}
    when {{ value }} between 1000000 and 999999999
        then
            cast({{ millions }} as {{ text }})
            || ',' || right(cast(1000 + mod({{ thousands }}, 1000) as {{ text }}), 3)
            || ',' || {{ last_three }}
    else cast({{ value }} as {{ text }})
end
{%- endmacro %}
