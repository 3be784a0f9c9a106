with

-- A day's orders are known when the day is over. A line without a date is known at once, as a fault.
known_at_the_clock as (
    select
        order_line,
        customer_id,
        order_date,
        quantity,
        amount
    from {{ ref('cdnow_orders') }}
    where order_date < cast({{ ml_ledger.clock() }} as date) or order_date is null
),

checked as (
    {{ ml_ledger.checked_rows(
        source='known_at_the_clock',
        key='order_line',
        checks={
            'customer_id_there': {'not_missing': 'customer_id'},
            'order_date_there': {'not_missing': 'order_date'},
            'quantity_there': {'not_missing': 'quantity'},
            'quantity_positive': {'within': 'quantity', 'low': 1},
            'amount_there': {'not_missing': 'amount'},
            'amount_not_negative': {'within': 'amount', 'low': 0},
            'no_copy': {'not_duplicate': ['customer_id', 'order_date', 'quantity', 'amount']},
        },
    ) | indent(4) }}
)

select * from checked
