with

order_days as (
    select * from {{ ref('stg_order_days') }}
),

entities as (
    select
        customer_id,
        as_of_date,
        cast({{ dbt.dateadd('day', 90, 'as_of_date') }} as date) as window_end
    from {{ ref('customer_purchase_features') }}
),

last_known_day as (
    select max(order_date) as order_date from order_days
),

-- A label exists when its whole window has passed at the clock and is covered by the data.
matured as (
    select entities.*
    from entities
    cross join last_known_day
    where
        entities.window_end <= {{ ml_ledger.clock() }}
        and last_known_day.order_date >= {{ dbt.dateadd('day', -1, 'entities.window_end') }}
),

orders_in_window as (
    select
        matured.customer_id,
        matured.as_of_date,
        count(*) as orders
    from matured
    inner join order_days
        on
            matured.customer_id = order_days.customer_id
            and matured.as_of_date <= order_days.order_date
            and matured.window_end > order_days.order_date
    group by matured.customer_id, matured.as_of_date
),

labels as (
    select
        matured.customer_id,
        matured.as_of_date,
        case when orders_in_window.orders > 0 then 1 else 0 end as repurchased,
        cast(matured.window_end as {{ dbt.type_timestamp() }}) as matured_at
    from matured
    left join orders_in_window
        on
            matured.customer_id = orders_in_window.customer_id
            and matured.as_of_date = orders_in_window.as_of_date
)

select * from labels
