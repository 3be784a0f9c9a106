{{ ml_ledger.training_set('next_plan', features=ref('account_features'), labels=ref('account_next_plan')) }}
