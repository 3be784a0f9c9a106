{{ ml_ledger.training_rows('renewal_call') }}
