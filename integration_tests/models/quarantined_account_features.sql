select * from {{ ref('checked_account_features') }}
where quarantine_reasons is not null
