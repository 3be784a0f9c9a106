{#
    The findings about the training sets of every ML model that declares `training_quality`.
    Returns: SQL, a select of the columns of ml_training_quality.
    Example: see models/quality/ml_training_quality.sql
#}
{% macro union_training_quality() -%}
{%- set text, number, double = dbt.type_string(), dbt.type_bigint(), ml_ledger.type_double() -%}
{%- set columns = {
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
} -%}
{%- for name in ml_ledger.ml_model_names() if ml_ledger.ml_model_spec(name).get('training_quality') is mapping %}
select
    {% for column, type in columns.items() -%}
    cast({{ column }} as {{ type }}) as {{ column }}{{ ',' if not loop.last }}
    {% endfor -%}
from {{ ref(project_name, name ~ '_training_quality') }}

union all
{% endfor %}
select
    {% for column, type in columns.items() -%}
    cast(null as {{ type }}) as {{ column }}{{ ',' if not loop.last }}
    {% endfor -%}
where 1 = 0
{%- endmacro %}
