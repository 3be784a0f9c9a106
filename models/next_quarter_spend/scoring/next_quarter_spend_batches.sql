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
        ml_model='next_quarter_spend',
        predictions=ref('next_quarter_spend_predictions'),
        versions=ref('next_quarter_spend_versions'),
        deployments=ref('next_quarter_spend_deployments'),
    )
}}
