{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
    )
}}

{{ ml_ledger.deployments(ml_model='next_quarter_spend', versions=ref('next_quarter_spend_versions')) }}
