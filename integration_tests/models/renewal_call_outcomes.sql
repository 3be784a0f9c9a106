{{ ml_ledger.outcomes(ml_model='renewal_call', predictions=ref('renewal_call_predictions'), labels=ref('account_labels')) }}
