{{ ml_ledger.deployments('churn') }}
