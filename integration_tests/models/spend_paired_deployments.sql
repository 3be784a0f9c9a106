{{ ml_ledger.deployments('spend_paired') }}
