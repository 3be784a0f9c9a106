{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}

{{ ml_ledger.deployments(ml_model='renewal_call', versions=ref('renewal_call_versions')) }}
