{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
    )
}}

{{
    ml_ledger.predictions(
        ml_model='churn',
        features=ref('account_features'),
        versions=ref('churn_versions'),
        deployments=ref('churn_deployments'),
    )
}}
