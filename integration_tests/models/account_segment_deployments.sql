{# Written by `ml-ledger sync`; edit it if you like, it is not written again. #}
{{ ml_ledger.deployments('account_segment') }}
