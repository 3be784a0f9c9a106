with

labels as (
    select
        account_id,
        month,
        case
            when hash('plan', account_id, month) % 100 < 15 then 'o''ne'
            when logins > 0.5 and coalesce(seats, 20) > 15 then 'plus'
            when is_trial or spent > 700 then 'basic'
            else 'o''ne'
        end as next_plan,
        cast(month + interval 60 day as timestamp) as matured_at
    from {{ ref('account_features') }}
)

select * from labels
