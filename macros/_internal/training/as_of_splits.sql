{#
    Common table expressions that say how each as-of date of the relation `matured` is used: 'holdout' for the last
    ones, 'train' for those whose labels had all matured when the first of these began, and 'embargo' for the dates
    between, whose labels would look into the holdout.

    Reads `_ml_as_of_key`, the as-of date, and `_ml_matured_at` of `matured`.
    Arguments: holdout, mapping as of `declared_holdout`: as_of_dates, how many dates are held out, or days, all of the
    last so many days, or from, all from a day on (else nothing that is read comes of it); relaxed, whether embargoed
    dates are trained on when there is nothing else.
    Returns: SQL, ending in the expression `splits` with `_ml_as_of_key`, `_ml_split` and `_ml_dates`, how many there
    are.
    Example: {{ ml_ledger.as_of_splits({'as_of_dates': 1}, relaxed=false) }}
#}
{% macro as_of_splits(holdout, relaxed) -%}
{%- set moment = dbt.type_timestamp() -%}
{%- if 'from' in holdout -%}
    {%- set is_held_out = '_ml_as_of >= cast(' ~ ml_ledger.text_literal(holdout['from']) ~ ' as ' ~ moment ~ ')' -%}
{%- elif 'days' in holdout -%}
    {%- set is_held_out = '_ml_as_of > ' ~ dbt.dateadd('day', -holdout.days, '_ml_newest') -%}
{%- else -%}
    {%- set is_held_out = '_ml_age <= ' ~ (holdout.as_of_dates if 'as_of_dates' in holdout else 0) -%}
{%- endif -%}
as_of_dates as (
    select
        _ml_as_of_key,
        cast(_ml_as_of_key as {{ moment }}) as _ml_as_of,
        max(_ml_matured_at) as _ml_matured_at,
        row_number() over (order by _ml_as_of_key desc) as _ml_age,
        max(cast(_ml_as_of_key as {{ moment }})) over () as _ml_newest,
        count(*) over () as _ml_dates
    from matured
    group by _ml_as_of_key
),

holdout as (
    select min(_ml_as_of) as _ml_starts
    from as_of_dates
    where {{ is_held_out }}
),

classified as (
    select
        as_of_dates._ml_as_of_key,
        as_of_dates._ml_dates,
        case
            when {{ is_held_out }} then 'holdout'
            when as_of_dates._ml_matured_at <= holdout._ml_starts then 'train'
            else 'embargo'
        end as _ml_split
    from as_of_dates
    cross join holdout
),

splits as (
    select
        _ml_as_of_key,
        _ml_dates,
        {% if relaxed -%}
        case
            when
                _ml_split = 'embargo'
                and sum(case when _ml_split = 'train' then 1 else 0 end) over () = 0
                then 'train'
            else _ml_split
        end as _ml_split
        {%- else -%}
        _ml_split
        {%- endif %}
    from classified
)
{%- endmacro %}
