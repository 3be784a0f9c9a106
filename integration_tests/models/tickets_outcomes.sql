{{ ml_ledger.outcomes('tickets', labels=ref('account_tickets')) }}
