{{ ml_ledger.training_set('spend_paired', features=ref('account_features'), labels=ref('account_spend')) }}
