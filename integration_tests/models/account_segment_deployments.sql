{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}

{{ ml_ledger.deployments(ml_model='account_segment', versions=ref('account_segment_versions')) }}
