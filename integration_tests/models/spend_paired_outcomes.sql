{{ ml_ledger.outcomes(ml_model='spend_paired', predictions=ref('spend_paired_predictions'), labels=ref('account_spend')) }}
