{{ ml_ledger.outcomes(ml_model='next_plan', predictions=ref('next_plan_predictions'), labels=ref('account_next_plan')) }}
