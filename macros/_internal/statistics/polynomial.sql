{#
    A polynomial by Horner's rule, a coefficient a line.
    Arguments: coefficients, numbers as texts, that of the highest power first; x, name of a column.
    Returns: SQL.
    Example: {{ ml_ledger.polynomial(['2e0', '-1e0', '0.5e0'], 'x') }} is 2x² - x + 0.5
#}
{% macro polynomial(coefficients, x) -%}
{{ '(' * (coefficients | length - 1) }}
    {{ coefficients[0] }}
    {%- for coefficient in coefficients[1:] %} * {{ x }}
    + {{ coefficient }})
    {%- endfor %}
{%- endmacro %}
