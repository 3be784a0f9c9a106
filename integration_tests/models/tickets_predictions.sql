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
        ml_model='tickets',
        features=ref('account_features'),
        versions=ref('tickets_versions'),
        deployments=ref('tickets_deployments'),
        scores=ref('tickets_scores'),
    )
}}
