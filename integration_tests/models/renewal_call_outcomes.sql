{{ ml_ledger.outcomes('renewal_call', labels=ref('account_labels')) }}
