{%- set columns = ml_ledger.feedback_columns() -%}
{%- do columns.update({'reason': dbt.type_string(), 'content_hash': dbt.type_string()}) -%}
{{ ml_ledger.union_ml_models('feedback', columns, declaring='review') }}
