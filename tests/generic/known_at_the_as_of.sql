{#
    Leakage: no row could be known only after its as-of date. column_name is the moment from which the row could be
    known. A row without it, or without an as-of date, fails, too: nobody can say that it was known.
    Arguments: as_of, the column with the as-of date or moment; key, a column or a list that finds a row again.
    A failing row: docs/quality.md.
#}
{% test known_at_the_as_of(model, column_name, as_of, key=none) %}
{%- set column, name = ml_ledger.column(column_name), ml_ledger.said(ml_ledger.column_name(column_name)) -%}
{%- set as_of_name = ml_ledger.said(ml_ledger.column_name(as_of)) -%}
with

checked as (
    select
        {{ ml_ledger.column_moment(model, column_name) }} as known_at,
        {{ ml_ledger.column_moment(model, as_of) }} as as_of,
        {{ ml_ledger.key_text(key) }} as row_key
    from {{ model }}
),

described as (
    select
        count(*) as bad,
        sum(case when known_at is null or as_of is null then 1 else 0 end) as undated,
        max(known_at) as latest,
        min(row_key) as row_key,
        min({{ ml_ledger.sentence('{row_key}, known at {known_at} for {as_of}') }}) as example
    from checked
    where not coalesce(known_at <= as_of, false)
)

select
    {{ ml_ledger.finding(
        column_name, 'latest', ml_ledger.text_literal('at or before ' ~ ml_ledger.column_name(as_of)), 'bad', 'example',
        ml_ledger.sentence(
            'Leakage: {bad} rows were known only after their ' ~ as_of_name
                ~ ', or do not say when ({undated} of them): '
            ~ '{example}. When the prediction has to be made, this value does not exist yet. Fix: join by ' ~ name
            ~ ' <= ' ~ as_of_name ~ ', and leave out rows without a date.'
        )
    ) }}
from described
where bad > 0
{% endtest %}
