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
        ml_model='account_segment',
        features=ref('account_features'),
        versions=ref('account_segment_versions'),
        deployments=ref('account_segment_deployments'),
    )
}}
