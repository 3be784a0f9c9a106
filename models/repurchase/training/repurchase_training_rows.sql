{{ ml_ledger.training_rows('repurchase') }}
