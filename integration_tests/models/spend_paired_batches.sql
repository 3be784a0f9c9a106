{{ ml_ledger.batches('spend_paired') }}
