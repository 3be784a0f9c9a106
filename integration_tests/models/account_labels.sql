with

labels as (
    select
        account_id,
        month,
        (hash('label', account_id, month) % 1000 / 1000.0) > logins as churned,
        cast(month + interval 60 day as timestamp) as matured_at
    from {{ ref('account_features') }}
)

select * from labels
