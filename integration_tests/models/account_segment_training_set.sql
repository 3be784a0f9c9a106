{{ ml_ledger.training_set(ml_model='account_segment', features=ref('account_features')) }}
