{{ ml_ledger.training_set('tickets', features=ref('account_features'), labels=ref('account_tickets')) }}
