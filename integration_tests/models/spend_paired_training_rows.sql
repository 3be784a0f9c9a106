{{ ml_ledger.training_rows('spend_paired') }}
