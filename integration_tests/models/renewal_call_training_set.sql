{{ ml_ledger.training_set(ml_model='renewal_call', features=ref('account_features'), labels=ref('account_labels')) }}
