select {{ ml_ledger.clock() }} as clock
