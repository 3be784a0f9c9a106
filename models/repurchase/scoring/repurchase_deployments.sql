{{ ml_ledger.deployments('repurchase') }}
