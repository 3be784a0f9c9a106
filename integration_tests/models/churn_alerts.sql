{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false, on_schema_change='append_new_columns') }}

{{
    ml_ledger.alerts(
        ml_model='churn',
        predictions=ref('churn_predictions'),
        versions=ref('churn_versions'),
        deployments=ref('churn_deployments'),
        labels=ref('account_labels'),
        performance=ref('churn_performance'),
    )
}}
