with

set_aside as (
    select
        order_line,
        customer_id,
        order_date,
        quantity,
        amount,
        quarantine_reasons,
        quarantine_checks
    from {{ ref('base_order_lines') }}
    where quarantine_reasons is not null
)

select * from set_aside
