{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}

{{
    ml_ledger.predictions(
        ml_model='next_spend',
        features=ref('account_features'),
        versions=ref('next_spend_versions'),
        deployments=ref('next_spend_deployments'),
    )
}}
