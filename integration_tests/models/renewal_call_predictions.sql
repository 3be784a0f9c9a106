{{ ml_ledger.predictions('renewal_call', features=ref('account_features')) }}
