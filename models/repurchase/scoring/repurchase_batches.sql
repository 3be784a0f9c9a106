{{ ml_ledger.batches('repurchase') }}
