{#
    The columns of `<ml_model>_batches` that its hashes are computed over: all but `content_hash`.
    Returns: mapping of column to SQL type.
    Example: {% for column, type in ml_ledger.batch_columns().items() %}
#}
{% macro batch_columns() %}
    {% set text, whole, moment = dbt.type_string(), dbt.type_bigint(), dbt.type_timestamp() %}
    {% do return({
        'ml_model': text,
        'batch_number': whole,
        'predicted_by': text,
        'predictions': whole,
        'predictions_hash': text,
        'decided_at': moment,
        'last_version_hash': text,
        'last_event_hash': text,
        'recorded_at': moment,
        'invocation_id': text,
        'hash_format': whole,
        'previous_hash': text,
    }) %}
{% endmacro %}
