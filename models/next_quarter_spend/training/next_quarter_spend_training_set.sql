{{
    ml_ledger.training_set(
        'next_quarter_spend',
        features=ref('customer_purchase_features'),
        labels=ref('next_quarter_spend_labels'),
    )
}}
