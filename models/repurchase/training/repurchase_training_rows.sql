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
        ml_model='repurchase',
        training_set=ref('repurchase_training_set'),
        versions=ref('repurchase_versions'),
    )
}}
