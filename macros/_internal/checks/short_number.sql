{#
    A number as text for a reader, with four decimals.
    Arguments: value, SQL expression of a number.
    Returns: SQL.
    Example: {{ ml_ledger.short_number('auc') }} as auc_text
#}
{% macro short_number(value) %}
    {% do return('cast(cast(' ~ value ~ ' as decimal(38, 4)) as ' ~ dbt.type_string() ~ ')') %}
{% endmacro %}
