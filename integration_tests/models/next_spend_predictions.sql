{{ ml_ledger.predictions('next_spend', features=ref('account_features')) }}
