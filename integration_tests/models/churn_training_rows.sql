{{ ml_ledger.training_rows('churn') }}
