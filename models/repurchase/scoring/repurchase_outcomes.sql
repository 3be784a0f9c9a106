{{ ml_ledger.outcomes('repurchase', labels=ref('repurchase_labels')) }}
