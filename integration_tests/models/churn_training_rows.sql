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
        ml_model='churn',
        training_set=ref('churn_training_set'),
        versions=ref('churn_versions'),
    )
}}
