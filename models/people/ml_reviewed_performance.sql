{{ ml_ledger.reviewed_performance(ref('ml_review_queue'), ref('ml_predictions'), ref('ml_feedback')) }}
