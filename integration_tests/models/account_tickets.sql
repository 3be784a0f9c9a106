with

labels as (
    select
        account_id,
        month,
        case
            when hash('tickets', account_id, month) % 100 < 10 then is_trial
            -- No line sees this.
            else (logins > 0.5) = (coalesce(seats, 0) > 20)
        end as has_tickets,
        cast(month + interval 60 day as timestamp) as matured_at
    from {{ ref('account_features') }}
)

select * from labels
