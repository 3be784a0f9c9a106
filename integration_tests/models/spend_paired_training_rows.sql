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
        ml_model='spend_paired',
        training_set=ref('spend_paired_training_set'),
        versions=ref('spend_paired_versions'),
    )
}}
