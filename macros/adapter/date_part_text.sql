{#
    A part of a date as text, as the levels of its coefficients are told: weekday from 1, Monday, to 7; month from 1 to
    12; quarter; day of the month; hour from 0 to 23; year.
    Arguments: part, SQL expression of the part's name; date, SQL expression of a date or a timestamp, or of its text.
    Returns: SQL.
    Example: {{ ml_ledger.date_part_text('coefficients.transform', 'feature_text') }} as level_text
#}
{% macro date_part_text(part, date) %}
    {% do return(adapter.dispatch('date_part_text', 'ml_ledger')(part, date)) %}
{% endmacro %}

{% macro default__date_part_text(part, date) %}
    {% do ml_ledger.unsupported('date_part_text') %}
{% endmacro %}

{% macro duckdb__date_part_text(part, date) -%}
    cast(case {{ part }}
            {%- for name in ['weekday', 'month', 'quarter', 'day', 'hour', 'year'] %}
            when '{{ name }}'
                then extract({{ 'isodow' if name == 'weekday' else name }} from cast({{ date }} as timestamp))
            {%- endfor %}
        end as {{ dbt.type_string() }})
{%- endmacro %}
