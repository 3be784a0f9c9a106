{{ ml_ledger.predictions('next_plan', features=ref('account_features')) }}
