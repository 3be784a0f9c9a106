{#
    The columns of `<ml_model>_feedback` that its hashes are computed over. `reason`, words that may name a person, is
    not one of them: its salted hash is, so that the words can be erased and the chain still holds (docs/people.md).
    Returns: mapping of column to SQL type.
    Example: {% for column, type in ml_ledger.feedback_columns().items() %}
#}
{% macro feedback_columns() %}
    {% set text, whole, moment = dbt.type_string(), dbt.type_bigint(), dbt.type_timestamp() %}
    {% do return({
        'feedback_id': text,
        'ml_model': text,
        'feedback_number': whole,
        'decision_id': text,
        'reviewer': text,
        'kind': text,
        'verdict': text,
        'override_decision': text,
        'reason_hash': text,
        'given_at': moment,
        'source': text,
        'given_in': text,
        'actor': text,
        'recorded_at': moment,
        'invocation_id': text,
        'hash_format': whole,
        'previous_hash': text,
    }) %}
{% endmacro %}

{#
    The salted hash of the words of a reason.
    Arguments: prefix, of the columns reason and reason_salt ('feedback.').
    Returns: SQL, NULL without a salt.
#}
{% macro reason_hash(prefix='') %}
    {% do return(ml_ledger.sha256(prefix ~ 'reason_salt || chr(10) || ' ~ prefix ~ 'reason')) %}
{% endmacro %}
