{{ ml_ledger.review_queue('repurchase') }}
