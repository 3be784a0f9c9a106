{#
    A common table expression `outside`: the rows of `checked` that are not within the bounds, with these as text.
    Arguments: bounds, mapping of low and high, or one of them, to SQL over `bounds`.
    Returns: SQL.
#}
{% macro rows_outside(bounds) -%}
{%- set text = dbt.type_string() -%}
outside as (
    select
        checked.checked_value,
        checked.row_key,
        {% for name in ['low', 'high'] -%}
        cast({{ bounds[name] if name in bounds else "'any'" }} as {{ text }}) as {{ name }}
        {{- ',' if not loop.last }}
        {% endfor %}
    from checked
    cross join bounds
    where
        {{ 'checked.checked_value < ' ~ bounds.low if 'low' in bounds }}
        {{ 'or' if bounds | length == 2 }}
        {{ 'checked.checked_value > ' ~ bounds.high if 'high' in bounds }}
)
{%- endmacro %}
