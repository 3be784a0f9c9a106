with

order_days as (
    select * from {{ ref('stg_order_days') }}
),

-- The first of every month in which the shop was open.
as_of_dates as (
    select distinct cast(date_trunc('month', order_date) as date) as as_of_date
    from order_days
),

history as (
    select
        order_days.customer_id,
        as_of_dates.as_of_date,
        order_days.order_date,
        order_days.amount,
        {{ ml_ledger.days_between('order_days.order_date', 'as_of_dates.as_of_date') }} as days_ago
    from as_of_dates
    inner join order_days
        on as_of_dates.as_of_date > order_days.order_date
),

features as (
    select
        customer_id,
        as_of_date,
        min(days_ago) as recency_days,
        max(days_ago) as tenure_days,
        sum(case when days_ago <= 30 then 1 else 0 end) as orders_30d,
        sum(case when days_ago <= 90 then 1 else 0 end) as orders_90d,
        count(*) as orders_lifetime,
        sum(case when days_ago <= 30 then amount else 0 end) as amount_30d,
        sum(case when days_ago <= 90 then amount else 0 end) as amount_90d,
        sum(amount) as amount_lifetime
    from history
    group by customer_id, as_of_date
),

-- Sums were taken in exact decimals, so that a rebuild gives the same bits; from here on they are doubles.
doubles as (
    select
        customer_id,
        as_of_date,
        recency_days,
        tenure_days,
        cast(orders_30d as integer) as orders_30d,
        cast(orders_90d as integer) as orders_90d,
        cast(orders_lifetime as integer) as orders_lifetime,
        cast(amount_30d as {{ ml_ledger.type_double() }}) as amount_30d,
        cast(amount_90d as {{ ml_ledger.type_double() }}) as amount_90d,
        cast(amount_lifetime as {{ ml_ledger.type_double() }}) as amount_lifetime
    from features
),

with_ratios as (
    select
        customer_id,
        as_of_date,
        recency_days,
        tenure_days,
        orders_30d,
        orders_90d,
        orders_lifetime,
        amount_30d,
        amount_90d,
        amount_lifetime,
        amount_lifetime / orders_lifetime as average_order_value,
        case
            when orders_lifetime > 1
                then (tenure_days - recency_days) / cast(orders_lifetime - 1 as {{ ml_ledger.type_double() }})
        end as mean_gap_days
    from doubles
)

select * from with_ratios
