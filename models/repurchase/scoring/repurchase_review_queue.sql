{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
    )
}}

{{ ml_ledger.review_queue(ml_model='repurchase', predictions=ref('repurchase_predictions')) }}
