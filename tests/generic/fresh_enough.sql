{#
    The latest value of this column, a date or a timestamp, is at most some days before the clock. Values after the
    clock do not count. A model without any row before the clock fails.
    Arguments: days, the number; key, a column or a list that finds the latest row.
    A failing row: docs/quality.md.
#}
{% test fresh_enough(model, column_name, days, key=none) %}
{%- set column, name = ml_ledger.column(column_name), ml_ledger.said(ml_ledger.column_name(column_name)) -%}
with

checked as (
    select
        {{ ml_ledger.column_moment(model, column_name) }} as happened_at,
        {{ ml_ledger.key_text(key) }} as row_key
    from {{ model }}
),

latest as (
    select max(happened_at) as happened_at
    from checked
    where happened_at <= {{ ml_ledger.clock() }}
),

described as (
    select
        latest.happened_at,
        {{ ml_ledger.clock() }} as clock,
        {{ dbt.dateadd('day', -1 * days, ml_ledger.clock()) }} as earliest,
        (select min(row_key) from checked where happened_at = latest.happened_at) as latest_key,
        (select count(*) from checked) as total
    from latest
)

select
    {{ ml_ledger.finding(
        column_name, 'happened_at', 'earliest', 'total', ml_ledger.sentence('latest row: {latest_key}'),
        ml_ledger.sentence(
            'The latest ' ~ name ~ ' up to the clock, {clock}, is {happened_at} ({latest_key}; the model has {total} '
            ~ 'rows); it must be {earliest} or later. Fix: find out why nothing came since (a load that did not run,'
            ~ ' a source that stopped), '
            ~ 'load it and build again; if the clock is set by hand, check it.'
        )
    ) }}
from described
where happened_at is null or happened_at < earliest
{% endtest %}
