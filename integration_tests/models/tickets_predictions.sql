{{ ml_ledger.predictions('tickets', features=ref('account_features'), scores=ref('tickets_scores')) }}
