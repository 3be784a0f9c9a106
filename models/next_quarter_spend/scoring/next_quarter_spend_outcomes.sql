{{
    ml_ledger.outcomes(
        ml_model='next_quarter_spend',
        predictions=ref('next_quarter_spend_predictions'),
        labels=ref('next_quarter_spend_labels'),
    )
}}
