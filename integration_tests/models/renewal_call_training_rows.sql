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
        ml_model='renewal_call',
        training_set=ref('renewal_call_training_set'),
        versions=ref('renewal_call_versions'),
    )
}}
