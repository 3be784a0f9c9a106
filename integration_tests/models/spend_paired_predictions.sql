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
        ml_model='spend_paired',
        features=ref('account_features'),
        versions=ref('spend_paired_versions'),
        deployments=ref('spend_paired_deployments'),
    )
}}
