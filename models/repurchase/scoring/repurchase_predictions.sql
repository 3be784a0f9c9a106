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
        ml_model='repurchase',
        features=ref('customer_purchase_features'),
        versions=ref('repurchase_versions'),
        deployments=ref('repurchase_deployments'),
        reason_texts=ref('repurchase_reason_texts'),
    )
}}
