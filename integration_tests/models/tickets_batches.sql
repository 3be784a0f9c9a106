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
        ml_model='tickets',
        predictions=ref('tickets_predictions'),
        versions=ref('tickets_versions'),
        deployments=ref('tickets_deployments'),
    )
}}
