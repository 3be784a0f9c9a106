{{ ml_ledger.training_set('account_segment', features=ref('account_features')) }}
