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
        ml_model='next_quarter_spend',
        features=ref('customer_purchase_features'),
        versions=ref('next_quarter_spend_versions'),
        deployments=ref('next_quarter_spend_deployments'),
    )
}}
