{{ ml_ledger.outcomes('next_quarter_spend', labels=ref('next_quarter_spend_labels')) }}
