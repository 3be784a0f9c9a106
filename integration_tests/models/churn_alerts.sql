{{ ml_ledger.alerts('churn', labels=ref('account_labels'), performance=ref('churn_performance')) }}
