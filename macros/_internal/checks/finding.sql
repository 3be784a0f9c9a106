{#
    The columns of a failing row, the same for every data test of docs/quality.md.
    Arguments: column, its name; the others SQL expressions: value, what was found; allowed, what would have passed;
    row_count, how many rows it concerns; example, one of them; what_to_do, the whole finding in words.
    Returns: SQL, the list of a select.
    Example: see tests/generic/mostly_there.sql
#}
{% macro finding(column, value, allowed, row_count, example, what_to_do) -%}
{%- set text = dbt.type_string() -%}
cast({{ ml_ledger.text_literal(column) }} as {{ text }}) as column_name,
    cast({{ value }} as {{ text }}) as value,
    cast({{ allowed }} as {{ text }}) as allowed,
    cast({{ row_count }} as {{ dbt.type_bigint() }}) as row_count,
    cast({{ example }} as {{ text }}) as example,
    {{ what_to_do }} as what_to_do
{%- endmacro %}
