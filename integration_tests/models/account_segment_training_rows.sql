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
        ml_model='account_segment',
        training_set=ref('account_segment_training_set'),
        versions=ref('account_segment_versions'),
    )
}}
