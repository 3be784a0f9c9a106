{{ ml_ledger.training_set('next_spend', features=ref('account_features'), labels=ref('account_spend')) }}
