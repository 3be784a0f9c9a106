{{ ml_ledger.batches('next_spend') }}
