{{ ml_ledger.labels_as_known(ml_model='next_quarter_spend', log=ref('next_quarter_spend_label_log')) }}
