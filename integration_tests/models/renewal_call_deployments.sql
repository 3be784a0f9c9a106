{{ ml_ledger.deployments('renewal_call') }}
