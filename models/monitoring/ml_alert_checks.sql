{%- set columns = {
    'ml_model': dbt.type_string(),
    'check_number': dbt.type_bigint(),
    'checked_at': dbt.type_timestamp(),
    'event': dbt.type_string(),
} -%}
{%- do columns.update(ml_ledger.alert_columns()) -%}
{%- do columns.update({
    'expected_because': dbt.type_string(),
    'actor': dbt.type_string(),
    'reason': dbt.type_string(),
    'recorded_at': dbt.type_timestamp(),
    'invocation_id': dbt.type_string(),
}) -%}
{{ ml_ledger.union_ml_models('alerts', columns, declaring='monitoring.alerts') }}
