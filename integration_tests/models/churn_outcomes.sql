{{ ml_ledger.outcomes(ml_model='churn', predictions=ref('churn_predictions'), labels=ref('account_labels')) }}
