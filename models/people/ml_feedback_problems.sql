{{ ml_ledger.feedback_problems() }}
