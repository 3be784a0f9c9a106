{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}

{{ ml_ledger.deployments(ml_model='repurchase', versions=ref('repurchase_versions')) }}
