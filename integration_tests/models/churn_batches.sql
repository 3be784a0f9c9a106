{{ ml_ledger.batches('churn') }}
