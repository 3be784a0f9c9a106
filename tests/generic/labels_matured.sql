{#
    Leakage: every label had matured at the clock. column_name is the moment at which it did; a label without one fails,
    too.
    Arguments: key, a column or a list that finds a row again.
    A failing row: docs/quality.md.
#}
{% test labels_matured(model, column_name, key=none) %}
{%- set column, name = ml_ledger.column(column_name), ml_ledger.said(ml_ledger.column_name(column_name)) -%}
with

checked as (
    select
        {{ ml_ledger.column_moment(model, column_name) }} as matured_at,
        {{ ml_ledger.key_text(key) }} as row_key
    from {{ model }}
),

described as (
    select
        count(*) as bad,
        sum(case when matured_at is null then 1 else 0 end) as undated,
        max(matured_at) as latest,
        min({{ ml_ledger.sentence('{row_key}, matured at {matured_at}') }}) as example,
        {{ ml_ledger.clock() }} as clock
    from checked
    where not coalesce(matured_at <= {{ ml_ledger.clock() }}, false)
)

select
    {{ ml_ledger.finding(
        column_name, 'latest', 'clock', 'bad', 'example',
        ml_ledger.sentence(
            'Leakage: {bad} labels had not matured at the clock, {clock}, or do not say when they do ({undated} of'
                ~ ' them): '
            ~ '{example}. Their truth cannot be known yet. Fix: keep only as-of dates all of whose labels have'
            ~ ' matured, as '
            ~ 'ml_ledger.training_set does, and check how ' ~ name ~ ' is computed.'
        )
    ) }}
from described
where bad > 0
{% endtest %}
