{{ ml_ledger.predictions('account_segment', features=ref('account_features')) }}
