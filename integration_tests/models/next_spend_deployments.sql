{{ ml_ledger.deployments('next_spend') }}
