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
        ml_model='next_plan',
        features=ref('account_features'),
        versions=ref('next_plan_versions'),
        deployments=ref('next_plan_deployments'),
    )
}}
