{#
    The columns of `<ml_model>_deployments` that its hashes are computed over: all but `content_hash`.
    Returns: mapping of column to SQL type.
    Example: {% for column, type in ml_ledger.deployment_columns().items() %}
#}
{% macro deployment_columns() %}
    {% set text, whole, moment = dbt.type_string(), dbt.type_bigint(), dbt.type_timestamp() %}
    {% do return({
        'deployment_id': text,
        'ml_model': text,
        'event_number': whole,
        'event': text,
        'operation': text,
        'version': whole,
        'slot': text,
        'share': ml_ledger.type_double(),
        'valid_from': moment,
        'actor': text,
        'reason': text,
        'checks': text,
        'details': text,
        'recorded_at': moment,
        'invocation_id': text,
        'hash_format': whole,
        'previous_hash': text,
    }) %}
{% endmacro %}
