{{ config(materialized='table') }}

{{ ml_ledger.last_alerts(source('ml_ledger_last_run', 'ml_alerts')) }}
