with

months as (
    select cast(unnest(range(date '2024-01-01', date '2024-10-01', interval 1 month)) as date) as month
),

accounts as (
    select unnest(range(1, 401)) as account_id
),

-- Pseudo-random, and the same on every run.
drawn as (
    select
        accounts.account_id,
        months.month,
        hash(accounts.account_id, months.month) % 1000 / 1000.0 as logins,
        case when accounts.account_id % 10 > 0 then 1 + accounts.account_id % 50 end as seats
    from accounts
    cross join months
)

select * from drawn
