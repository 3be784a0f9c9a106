{#
    The last complete period at the clock has about as many rows as the periods before it: their median times a ratio.
    column_name is the date or timestamp that says to which period a row belongs.
    Arguments: period, hour, day, week, month (the default), quarter or year; low and high, the ratios, 0.5 and 2 unless
    told; look_back, how many periods before it are looked at, 6 unless told. Periods before the first row do not count,
    empty ones after it do. With fewer than three there is nothing to compare with, and nothing fails.
    A failing row: docs/quality.md. NULL belongs to no period (see mostly_there).
#}
{% test enough_rows(model, column_name, period='month', low=0.5, high=2, look_back=6) %}
{%- if period not in ['hour', 'day', 'week', 'month', 'quarter', 'year'] -%}
    {%- do exceptions.raise_compiler_error(
        'enough_rows on ' ~ column_name ~ ": period is not known; got '" ~ period
        ~ "'. Allowed: hour, day, week, month, quarter, year. Fix: choose one of them."
    ) -%}
{%- endif -%}
{%- set column, name = ml_ledger.column(column_name), ml_ledger.said(ml_ledger.column_name(column_name)) -%}
{%- set clock, moment, double = ml_ledger.clock(), dbt.type_timestamp(), ml_ledger.type_double() -%}
with

{{ ml_ledger.rows_by_period(model, column, period, look_back) }},

ranked as (
    select
        period_rows,
        row_number() over (order by period_rows) as place,
        count(*) over () as before
    from periods
    where age > 1
),

usual as (
    select
        avg(cast(period_rows as {{ double }})) as median_rows,
        max(before) as before
    from ranked
    where place in (floor((before + 1) / 2.0), ceil((before + 1) / 2.0))
),

described as (
    select
        periods.period_rows as found,
        usual.median_rows,
        usual.before,
        {{ low }} * usual.median_rows as at_least,
        {{ high }} * usual.median_rows as at_most,
        cast(
            cast({{ dbt.date_trunc(period, dbt.dateadd(period, -1, clock)) }} as {{ moment }})
            as {{ dbt.type_string() }}
        ) as period_start
    from periods
    cross join usual
    where periods.age = 1
)

select
    {{ ml_ledger.finding(
        column_name, 'found', ml_ledger.sentence('{at_least} to {at_most}'), 'found',
        ml_ledger.sentence('the ' ~ period ~ ' that begins at {period_start}'),
        ml_ledger.sentence(
            'The ' ~ period ~ ' that begins at {period_start} has {found} rows by ' ~ name ~ '; from {at_least} to '
            ~ '{at_most} are expected, as the median of the {before} before it is {median_rows}. Fix: with too few,'
            ~ ' look for '
            ~ 'deliveries that are missing or filters that became stricter; with too many, for files loaded twice or'
            ~ ' joins '
            ~ 'that multiply; if the business changed, widen low and high.'
        )
    ) }}
from described
where before >= 3 and (found < at_least or found > at_most)
{% endtest %}
