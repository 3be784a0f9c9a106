{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
    )
}}

{{
    ml_ledger.training_rows(
        ml_model='next_plan',
        training_set=ref('next_plan_training_set'),
        versions=ref('next_plan_versions'),
    )
}}
