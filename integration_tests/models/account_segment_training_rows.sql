{{ ml_ledger.training_rows('account_segment') }}
