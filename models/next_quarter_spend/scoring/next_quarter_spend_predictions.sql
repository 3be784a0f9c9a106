{{ ml_ledger.predictions('next_quarter_spend', features=ref('customer_purchase_features')) }}
