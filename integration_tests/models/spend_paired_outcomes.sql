{{ ml_ledger.outcomes('spend_paired', labels=ref('account_spend')) }}
