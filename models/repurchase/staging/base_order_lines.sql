with

order_lines as (
    select
        order_line,
        customer_id,
        order_date,
        quantity,
        amount,
        row_number() over (
            partition by customer_id, order_date, quantity, amount
            order by order_line
        ) as copy_number
    from {{ ref('cdnow_orders') }}
),

-- A day's orders are known when the day is over. A line without a date is known at once, as a fault.
known_at_the_clock as (
    select *
    from order_lines
    where order_date < cast({{ ml_ledger.clock() }} as date) or order_date is null
),

checked as (
    select
        order_line,
        customer_id,
        order_date,
        quantity,
        amount,
        case
            when customer_id is null then 'customer_id is missing'
            when order_date is null then 'order_date is missing'
            when quantity is null or quantity < 1 then 'quantity is not positive'
            when amount is null or amount < 0 then 'amount is missing or negative'
            when copy_number > 1 then 'exact duplicate of an earlier line'
        end as quarantine_reason
    from known_at_the_clock
)

select * from checked
