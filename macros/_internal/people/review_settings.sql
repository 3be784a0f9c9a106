{#
    What the declarations say about review, one row per ML model that declares it.
    Returns: SQL, a select of ml_model, task and conflict.
    Example: {{ ml_ledger.review_settings() }}
#}
{% macro review_settings() -%}
{%- set text, rows = dbt.type_string(), [] -%}
{%- for name in ml_ledger.ml_model_names(declaring='review') -%}
    {%- set spec = ml_ledger.ml_model_spec(name) -%}
    {%- do rows.append({
        'ml_model': name,
        'task': spec.task or '',
        'conflict': spec.review.conflict,
    }) -%}
{%- endfor -%}
{{ ml_ledger.declared_rows({'ml_model': text, 'task': text, 'conflict': text}, rows) }}
{%- endmacro %}
