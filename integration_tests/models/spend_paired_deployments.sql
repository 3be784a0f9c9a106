{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
    )
}}

{{ ml_ledger.deployments(ml_model='spend_paired', versions=ref('spend_paired_versions')) }}
