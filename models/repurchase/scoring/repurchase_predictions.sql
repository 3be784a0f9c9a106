{{
    ml_ledger.predictions(
        'repurchase',
        features=ref('customer_purchase_features'),
        reason_texts=ref('repurchase_reason_texts'),
    )
}}
