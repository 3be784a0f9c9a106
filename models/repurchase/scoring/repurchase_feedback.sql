{{ ml_ledger.feedback('repurchase') }}
