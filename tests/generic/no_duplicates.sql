{#
    No rows are exact copies of each other. NULL is equal to NULL here. (That a key is unique is unique_combination.)
    Arguments: columns, a list, all columns of the model unless told; at_most, the share of rows that may be copies
    beyond the first, 0 unless told.
    A failing row: docs/quality.md.
#}
{% test no_duplicates(model, columns=none, at_most=0) %}
{%- set names = ml_ledger.columns(columns or []) -%}
{%- if columns is none -%}
    {%- set names = ml_ledger.columns_of(model, 'columns') | map(attribute='quoted') | list -%}
{%- endif -%}
with

by_value as (
    select
        count(*) as _ml_copies
        {%- for name in names %},
        {{ name }}
        {%- endfor %}
    from {{ model }}
    {%- if names %}
    group by {{ names | join(', ') }}
    {%- endif %}
),

counted as (
    select
        sum(_ml_copies) as total,
        sum(_ml_copies - 1) as surplus,
        min(case when _ml_copies > 1 then {{ ml_ledger.key_text(names) }} end) as example
    from by_value
),

described as (
    select
        *,
        {{ ml_ledger.share_text('surplus', 'total') }} as share
    from counted
)

select
    {{ ml_ledger.finding(
        columns | join(', ') if columns else 'all columns', 'share', ml_ledger.short_number(at_most), 'surplus',
        'example',
        ml_ledger.sentence(
            '{surplus} of {total} rows, a share of {share}, are exact copies of another row; at most ' ~ at_most
            ~ ' may be. Look at {example}: was a file loaded twice, or does a join multiply rows? Fix: keep one of'
            ~ ' each in '
            ~ 'staging and set the others aside; if copies are real, give them a key that tells them apart.'
        )
    ) }}
from described
where surplus > {{ at_most }} * total
{% endtest %}
