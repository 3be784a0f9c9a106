{{ ml_ledger.outcomes('next_spend', labels=ref('account_spend')) }}
