{#- A table: every value of the feature views was read for it. -#}
{{ config(materialized='table') }}
{%- set text, whole, double = dbt.type_string(), dbt.type_bigint(), ml_ledger.type_double() -%}
{%- set moment = dbt.type_timestamp() -%}
{{
    ml_ledger.feature_statistics({
        'feature_view': text,
        'feature': text,
        'entity': text,
        'kind': text,
        'data_type': text,
        'owner': text,
        'description': text,
        'entities': whole,
        'row_count': whole,
        'first_timestamp': moment,
        'latest_timestamp': moment,
        'fresh_within_days': whole,
        'null_share': double,
        'null_share_latest': double,
        'used_by_ml_models': text,
        'read_by_ml_models': text,
    })
}}
