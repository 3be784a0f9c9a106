{#
    What the declarations say about review, one row per ML model that declares it.
    Returns: SQL, a select of ml_model, task and conflict.
    Example: {{ ml_ledger.review_settings() }}
#}
{% macro review_settings() -%}
{%- set text = dbt.type_string() -%}
{%- for name in ml_ledger.ml_model_names(declaring='review') -%}
{%- set spec = ml_ledger.ml_model_spec(name) -%}
select
    cast({{ ml_ledger.text_literal(name) }} as {{ text }}) as ml_model,
    cast({{ ml_ledger.text_literal(spec.get('task') or '') }} as {{ text }}) as task,
    cast({{ ml_ledger.text_literal(spec.review.get('conflict') or 'latest') }} as {{ text }}) as conflict
{% if not loop.last %}
union all
{% endif -%}
{%- else -%}
select
    cast(null as {{ text }}) as ml_model,
    cast(null as {{ text }}) as task,
    cast(null as {{ text }}) as conflict
where 1 = 0
{%- endfor -%}
{%- endmacro %}
