{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
    )
}}

{{
    ml_ledger.label_log(
        ml_model='next_quarter_spend',
        labels=ref('next_quarter_spend_labels_now'),
        source="'order lines'",
    )
}}
