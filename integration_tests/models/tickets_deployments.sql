{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}

{{ ml_ledger.deployments(ml_model='tickets', versions=ref('tickets_versions')) }}
