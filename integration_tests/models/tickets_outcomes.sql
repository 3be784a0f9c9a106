{{ ml_ledger.outcomes(ml_model='tickets', predictions=ref('tickets_predictions'), labels=ref('account_tickets')) }}
