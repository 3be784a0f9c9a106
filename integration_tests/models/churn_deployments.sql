{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}

{{ ml_ledger.deployments(ml_model='churn', versions=ref('churn_versions')) }}
