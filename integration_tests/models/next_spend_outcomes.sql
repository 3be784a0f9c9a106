{{ ml_ledger.outcomes(ml_model='next_spend', predictions=ref('next_spend_predictions'), labels=ref('account_spend')) }}
