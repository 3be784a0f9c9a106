{{ ml_ledger.union_training_quality() }}
