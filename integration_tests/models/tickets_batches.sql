{{ ml_ledger.batches('tickets') }}
