{{ ml_ledger.training_set(ml_model='churn', features=ref('account_features'), labels=ref('account_labels')) }}
