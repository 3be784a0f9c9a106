{{ ml_ledger.outcomes('next_plan', labels=ref('account_next_plan')) }}
