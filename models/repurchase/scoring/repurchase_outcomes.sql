{{
    ml_ledger.outcomes(
        ml_model='repurchase',
        predictions=ref('repurchase_predictions'),
        labels=ref('repurchase_labels'),
    )
}}
