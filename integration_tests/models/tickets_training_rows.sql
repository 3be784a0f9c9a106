{{ ml_ledger.training_rows('tickets') }}
