{#
    No row lacks a value of these columns. One pass over the model, and one row per column that has NULLs.
    Arguments: columns, list of names.
#}
{% test no_nulls(model, columns) %}
with

counted as (
    select
        {%- for column in columns %}
        count(*) - count({{ ml_ledger.quoted(column) }}) as {{ ml_ledger.quoted(column) }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ model }}
)
{% for column in columns %}
select
    {{ ml_ledger.text_literal(column) }} as column_name,
    {{ ml_ledger.quoted(column) }} as rows_without_value
from counted
where {{ ml_ledger.quoted(column) }} > 0
{%- if not loop.last %}

union all
{% endif %}
{%- endfor %}
{% endtest %}
