{{ ml_ledger.training_set('renewal_call', features=ref('account_features'), labels=ref('account_labels')) }}
