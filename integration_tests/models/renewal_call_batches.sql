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
        ml_model='renewal_call',
        predictions=ref('renewal_call_predictions'),
        versions=ref('renewal_call_versions'),
        deployments=ref('renewal_call_deployments'),
    )
}}
