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
        ml_model='renewal_call',
        features=ref('account_features'),
        versions=ref('renewal_call_versions'),
        deployments=ref('renewal_call_deployments'),
    )
}}
