{{ ml_ledger.training_set('repurchase', features=ref('customer_purchase_features'), labels=ref('repurchase_labels')) }}
