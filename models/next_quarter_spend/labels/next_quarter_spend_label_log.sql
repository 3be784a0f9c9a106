{{ ml_ledger.label_log('next_quarter_spend', labels=ref('next_quarter_spend_labels_now'), source="'order lines'") }}
