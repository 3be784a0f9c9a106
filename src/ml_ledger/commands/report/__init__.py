"""`ml-ledger report`: what happened to each ML model, drawn over time on one page."""
