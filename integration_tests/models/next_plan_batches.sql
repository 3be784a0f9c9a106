{{ ml_ledger.batches('next_plan') }}
