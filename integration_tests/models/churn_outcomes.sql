{{ ml_ledger.outcomes('churn', labels=ref('account_labels')) }}
