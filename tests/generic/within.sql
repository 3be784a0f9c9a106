{#
    The values of this column lie between two bounds, both included. NULL is not out of bounds (see mostly_there).
    Arguments: low and high, numbers, or dates in quotes; one of them is enough. reference, relation with a column of
    this name: a bound that is not given is its lowest or highest value there, in the rows for which `reference_where`
    holds. at_most, the share of rows that may be out of bounds, 0 unless told; key, a column or a list that finds a row
    again. A failing row: docs/quality.md. Engines count NaN as larger than every number.
#}
{% test within(
    model, column_name, low=none, high=none, reference=none, reference_where='1 = 1', at_most=0, key=none
) %}
{%- if low is none and high is none and reference is none -%}
    {%- do exceptions.raise_compiler_error(
        'within on ' ~ column_name ~ ': needs bounds; got neither low, high nor reference. Fix: declare one of them.'
    ) -%}
{%- endif -%}
{%- set column, name = ml_ledger.column(column_name), ml_ledger.said(ml_ledger.column_name(column_name)) -%}
{%- set bounds = {} -%}
{%- for side, given in {'low': low, 'high': high}.items() -%}
    {%- if given is not none -%}
        {%- do bounds.update({side: ml_ledger.literal(given)}) -%}
    {%- elif reference is not none -%}
        {%- do bounds.update({side: 'bounds.' ~ side}) -%}
    {%- endif -%}
{%- endfor -%}
with

checked as (
    select
        {{ column }} as checked_value,
        {{ ml_ledger.key_text(key) }} as row_key
    from {{ model }}
),

bounds as (
    {% if reference is none -%}
    select 1 as declared
    {%- else -%}
    select
        min({{ column }}) as low,
        max({{ column }}) as high
    from {{ reference }}
    where {{ reference_where }}
    {%- endif %}
),

{{ ml_ledger.rows_outside(bounds) }},

counted as (
    select
        count(*) as bad,
        min(checked_value) as lowest,
        max(checked_value) as highest,
        min(low) as low,
        min(high) as high,
        min(row_key) as example
    from outside
),

described as (
    select
        counted.*,
        totals.total,
        {{ ml_ledger.sentence('{lowest} to {highest}') }} as found,
        {{ ml_ledger.sentence('{low} to {high}') }} as allowed
    from counted
    cross join (select count(*) as total from checked) as totals
)

select
    {{ ml_ledger.finding(
        column_name, 'found', 'allowed', 'bad', 'example',
        ml_ledger.sentence(
            name ~ ' is out of bounds in {bad} of {total} rows: it goes from {lowest} to {highest} there, and must go '
            ~ 'from {low} to {high} (a share of ' ~ at_most ~ ' may not). Look at {example}: a unit or a sign that'
            ~ ' changed, '
            ~ 'a typing error? Fix: correct it, set these rows aside, or widen the bounds if the values are right.'
        )
    ) }}
from described
where bad > {{ at_most }} * total
{% endtest %}
