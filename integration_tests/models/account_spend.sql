with

labels as (
    select
        account_id,
        month,
        exp(2 + spent / 500 + case when is_trial then -1 else 0 end + hash('next', account_id, month) % 1000 / 2000.0)
            as spent_next,
        cast(month + interval 60 day as timestamp) as matured_at
    from {{ ref('account_features') }}
)

select * from labels
