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
        ml_model='account_segment',
        predictions=ref('account_segment_predictions'),
        versions=ref('account_segment_versions'),
        deployments=ref('account_segment_deployments'),
    )
}}
