with

order_days as (
    select * from {{ ref('stg_order_days') }}
),

quarters as (
    select
        customer_id,
        as_of_date,
        cast({{ dbt.dateadd('day', 90, 'as_of_date') }} as date) as quarter_end
    from {{ ref('customer_purchase_features') }}
),

last_known_day as (
    select max(order_date) as order_date from order_days
),

-- A label exists when its whole quarter has passed at the clock and is covered by the data.
matured as (
    select quarters.*
    from quarters
    cross join last_known_day
    where
        quarters.quarter_end <= {{ ml_ledger.clock() }}
        and last_known_day.order_date >= {{ dbt.dateadd('day', -1, 'quarters.quarter_end') }}
),

spent as (
    select
        matured.customer_id,
        matured.as_of_date,
        matured.quarter_end,
        sum(order_days.amount) as amount
    from matured
    left join order_days
        on
            matured.customer_id = order_days.customer_id
            and matured.as_of_date <= order_days.order_date
            and matured.quarter_end > order_days.order_date
    group by matured.customer_id, matured.as_of_date, matured.quarter_end
),

-- Summed in exact decimals, so that a rebuild gives the same bits.
labels as (
    select
        customer_id,
        as_of_date,
        cast(coalesce(amount, 0) as {{ ml_ledger.type_double() }}) as amount_next_90d,
        cast(quarter_end as {{ dbt.type_timestamp() }}) as matured_at
    from spent
)

select * from labels
