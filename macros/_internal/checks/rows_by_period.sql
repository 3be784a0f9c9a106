{#
    Common table expressions that end in `periods`: how many rows each of the last complete periods at the clock has, by
    its age; empty ones too, but for those before the first row.
    Arguments: relation; column, quoted, the date or timestamp; period, its name; look_back, how many before the last.
    Returns: SQL.
#}
{% macro rows_by_period(relation, column, period, look_back) -%}
{%- set clock, moment = ml_ledger.clock(), dbt.type_timestamp() -%}
by_age as (
    select
        {{ dbt.datediff('cast(' ~ column ~ ' as ' ~ moment ~ ')', clock, period) }} as age,
        count(*) as period_rows
    from {{ relation }}
    where {{ column }} is not null
    group by 1
),

ages as (
    {% for age in range(1, look_back + 2) -%}
    select {{ age }} as age
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor -%}
),

periods as (
    select
        ages.age,
        coalesce(by_age.period_rows, 0) as period_rows
    from ages
    left join by_age
        on ages.age = by_age.age
    where ages.age <= (select max(age) from by_age)
)
{%- endmacro %}
