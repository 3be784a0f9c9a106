{{ ml_ledger.predictions('spend_paired', features=ref('account_features')) }}
