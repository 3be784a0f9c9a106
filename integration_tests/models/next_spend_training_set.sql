{{ ml_ledger.training_set(ml_model='next_spend', features=ref('account_features'), labels=ref('account_spend')) }}
