{{ ml_ledger.deployments('next_quarter_spend') }}
