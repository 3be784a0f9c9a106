{{ ml_ledger.deployments('next_plan') }}
