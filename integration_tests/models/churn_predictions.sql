{{ ml_ledger.predictions('churn', features=ref('account_features')) }}
