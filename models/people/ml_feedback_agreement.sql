{{ ml_ledger.agreement(ref('ml_feedback'), ref('ml_predictions')) }}
