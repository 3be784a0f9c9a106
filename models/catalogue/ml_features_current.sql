{%- set text = dbt.type_string() -%}
{{
    ml_ledger.current_features({
        'feature_view': text,
        'entity': text,
        'entity_id': text,
        'valid_from': dbt.type_timestamp(),
        'features': text,
    })
}}
