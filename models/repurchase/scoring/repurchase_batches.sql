{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
    )
}}

{{
    ml_ledger.batches(
        ml_model='repurchase',
        predictions=ref('repurchase_predictions'),
        versions=ref('repurchase_versions'),
        deployments=ref('repurchase_deployments'),
    )
}}
