{{ ml_ledger.batches('account_segment') }}
