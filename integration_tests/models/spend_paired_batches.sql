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
        ml_model='spend_paired',
        predictions=ref('spend_paired_predictions'),
        versions=ref('spend_paired_versions'),
        deployments=ref('spend_paired_deployments'),
    )
}}
