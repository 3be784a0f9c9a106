{{
    ml_ledger.training_set(
        ml_model='repurchase',
        features=ref('customer_purchase_features'),
        labels=ref('repurchase_labels'),
    )
}}
