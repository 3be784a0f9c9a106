{#
    A common table expression `head` of one row: the number of the last row of a chain, 0 before the first.
    Arguments: number, the column that numbers the rows; so_far, the relation that holds the chain, or none before there
    is one.
    Returns: SQL.
    Example: {{ ml_ledger.chain_head('event_number', this) }}
#}
{% macro chain_head(number, so_far) -%}
head as (
    select {{ 'coalesce(max(' ~ number ~ '), 0)' if so_far is not none else '0' }} as last_number
    {%- if so_far is not none %}
    from {{ so_far }} as so_far
    {%- endif %}
)
{%- endmacro %}
