{#
    The columns of `<ml_model>_predictions` that hashes are computed over. Those of the person, who can be erased
    (`personal_columns`), are hashed apart, with a salt; the hash of a row covers that hash and the other columns.
    Arguments: classes, the declared classes of a task multiclass, or none.
    Returns: mapping of column to SQL type.
    Example: {% set columns = ml_ledger.prediction_columns(spec.classes) %}
#}
{% macro prediction_columns(classes=none) %}
    {% set text, whole, double = dbt.type_string(), dbt.type_bigint(), ml_ledger.type_double() %}
    {% set moment = dbt.type_timestamp() %}
    {% set columns = {
        'decision_id': text,
        'ml_model': text,
        'entity_id': text,
        'as_of': moment,
        'slot': text,
        'share': double,
        'bucket': whole,
        'version': whole,
        'deployment_id': text,
        'status': text,
        'rejected_because': text,
        'link_score': double,
        'score': double,
        'predicted': text,
    } %}
    {% for column in ml_ledger.class_columns(classes or []).values() %}
        {% do columns.update({column: double}) %}
    {% endfor %}
    {% do columns.update({
        'output_scores': text,
        'threshold': double,
        'decision': text,
        'decision_source': text,
        'reasons': text,
        'features': text,
        'imputed_features': text,
        'clipped_features': text,
        'decided_at': moment,
        'recorded_at': moment,
        'invocation_id': text,
        'hash_format': whole,
        'values_hash': text,
    }) %}
    {% do return(columns) %}
{% endmacro %}
