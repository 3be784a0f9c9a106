with

good_lines as (
    select *
    from {{ ref('base_order_lines') }}
    where quarantine_reasons is null
),

order_days as (
    select
        customer_id,
        order_date,
        count(*) as order_lines,
        sum(quantity) as quantity,
        sum(amount) as amount
    from good_lines
    group by customer_id, order_date
)

select * from order_days
