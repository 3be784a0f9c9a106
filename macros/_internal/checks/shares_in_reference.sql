{#
    Common table expressions that end in `reference_shares`: the share of each value of a column, as it is written.
    Arguments: relation; where, SQL condition; column, quoted.
    Returns: SQL.
#}
{% macro shares_in_reference(relation, where, column) -%}
{%- set as_written = ml_ledger.as_written('checked_value') -%}
reference_values as (
    select
        {{ column }} as checked_value,
        count(*) as value_rows
    from {{ relation }}
    where {{ where }}
    group by 1
),

reference_shares as (
    select
        {{ as_written }} as written,
        {{ ml_ledger.share_of('sum(value_rows)', '(select sum(value_rows) from reference_values)') }} as share
    from reference_values
    where checked_value is not null
    group by {{ as_written }}
)
{%- endmacro %}
