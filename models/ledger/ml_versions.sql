{%- set text, whole, double = dbt.type_string(), dbt.type_bigint(), ml_ledger.type_double() -%}
{%- set moment, flag = dbt.type_timestamp(), dbt.type_boolean() -%}
{{
    ml_ledger.union_ml_models('versions', {
        'ml_model': text,
        'version': whole,
        'task': text,
        'algorithm': text,
        'hyperparameters': text,
        'features': text,
        'link': text,
        'trained_because': text,
        'chosen_because': text,
        'trained_at': moment,
        'train_from': moment,
        'train_to': moment,
        'holdout_from': moment,
        'holdout_to': moment,
        'labels_overlap_holdout': flag,
        'train_rows': whole,
        'holdout_rows': whole,
        'training_set_fingerprint': text,
        'seed': whole,
        'threshold': double,
        'diagnostics': text,
        'scoring': text,
        'spec': text,
        'spec_hash': text,
        'library_versions': text,
        'git_commit': text,
        'invocation_id': text,
        'recorded_at': moment,
    })
}}
