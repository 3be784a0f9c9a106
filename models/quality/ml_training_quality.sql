{%- set text, number, double = dbt.type_string(), dbt.type_bigint(), ml_ledger.type_double() -%}
{{
    ml_ledger.union_ml_models('training_quality', {
        'ml_model': text,
        'known_at': dbt.type_timestamp(),
        'training_set_fingerprint': text,
        'check_name': text,
        'severity': text,
        'rank': number,
        'subject': text,
        'value': double,
        'allowed': double,
        'row_count': number,
        'rows_looked_at': number,
        'rows_of_training_set': number,
        'evidence': text,
        'rows_to_inspect': text,
        'next_step': text,
    }, declaring='training_quality')
}}
