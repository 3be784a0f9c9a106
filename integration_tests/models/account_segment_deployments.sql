{{ ml_ledger.deployments('account_segment') }}
