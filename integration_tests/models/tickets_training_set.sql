{{ ml_ledger.training_set(ml_model='tickets', features=ref('account_features'), labels=ref('account_tickets')) }}
