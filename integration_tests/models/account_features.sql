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
        case when accounts.account_id % 10 > 0 then 1 + accounts.account_id % 50 end as seats,
        cast(hash('spent', accounts.account_id, months.month) % 1000 as decimal(10, 2)) as spent,
        -- Out of bounds, and hence rejected, for one account in 200.
        case when accounts.account_id % 200 = 7 then -1 else accounts.account_id end as age_days,
        case accounts.account_id % 40
            when 0 then null
            when 1 then 'legacy'
            else 'team ' || accounts.account_id % 3
        end as plan,
        -- A country that training never saw appears in the last month.
        case
            when accounts.account_id % 100 = 3 and months.month = date '2024-09-01' then 'Österreich'
            when accounts.account_id % 2 = 0 then 'Côte d''Ivoire'
            else 'Peru'
        end as country,
        accounts.account_id % 5 = 0 as is_trial,
        -- Protected: no feature, but decisions about one region are compared with those about the others.
        case
            when accounts.account_id % 50 = 9 then 'islands'
            when accounts.account_id % 3 = 0 then 'south'
            else 'north'
        end as region,
        -- Unknown for one account in 200.
        case
            when accounts.account_id % 200 <> 11
                then timestamp '2023-12-31 22:00:00' - interval 1 hour * (accounts.account_id * 37 % 17520)
        end as signed_up
    from accounts
    cross join months
)

select * from drawn
