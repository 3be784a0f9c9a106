{{ ml_ledger.deployments('tickets') }}
