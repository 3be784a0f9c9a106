{{ ml_ledger.training_set('churn', features=ref('account_features'), labels=ref('account_labels')) }}
