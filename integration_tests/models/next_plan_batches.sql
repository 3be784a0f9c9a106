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
        ml_model='next_plan',
        predictions=ref('next_plan_predictions'),
        versions=ref('next_plan_versions'),
        deployments=ref('next_plan_deployments'),
    )
}}
