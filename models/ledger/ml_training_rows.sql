{{ ml_ledger.union_training_rows() }}
