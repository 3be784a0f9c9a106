{{ ml_ledger.batches('next_quarter_spend') }}
