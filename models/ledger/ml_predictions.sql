{%- set columns = ml_ledger.prediction_columns() -%}
{%- do columns.update({'content_hash': dbt.type_string()}) -%}
{{ ml_ledger.union_ml_models('predictions', columns) }}
