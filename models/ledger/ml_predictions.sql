{%- set text, whole, double = dbt.type_string(), dbt.type_bigint(), ml_ledger.type_double() -%}
{%- set moment = dbt.type_timestamp() -%}
{{
    ml_ledger.union_ml_models('predictions', {
        'decision_id': text,
        'ml_model': text,
        'entity_id': text,
        'as_of': moment,
        'slot': text,
        'version': whole,
        'deployment_id': text,
        'status': text,
        'rejected_because': text,
        'link_score': double,
        'score': double,
        'predicted': text,
        'output_scores': text,
        'threshold': double,
        'decision': text,
        'reasons': text,
        'features': text,
        'imputed_features': text,
        'clipped_features': text,
        'decided_at': moment,
        'recorded_at': moment,
        'invocation_id': text,
    })
}}
