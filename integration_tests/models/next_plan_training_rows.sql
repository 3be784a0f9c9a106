{{ ml_ledger.training_rows('next_plan') }}
