{{ ml_ledger.union_ml_models('outcomes', ml_ledger.outcome_columns(), ['binary', 'multiclass', 'regression']) }}
