"""`ml-ledger replay`: history again, one build per period."""
