{{ ml_ledger.training_set(ml_model='spend_paired', features=ref('account_features'), labels=ref('account_spend')) }}
