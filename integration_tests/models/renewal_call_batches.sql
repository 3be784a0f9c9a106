{{ ml_ledger.batches('renewal_call') }}
