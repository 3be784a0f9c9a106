{#
    The members of the training sets that were kept, of every ML model that declares `keep_training_set: members` or
    `full`.
    Returns: SQL, a select of ml_model, version, entity_id, as_of, split.
    Example: see models/ledger/ml_training_rows.sql
#}
{% macro union_training_rows() -%}
{%- set text = dbt.type_string() -%}
{%- for name in ml_ledger.ml_model_names() if ml_ledger.ml_model_spec(name).keep_training_set != 'none' %}
select
    cast('{{ name }}' as {{ text }}) as ml_model,
    _ml_version as version,
    _ml_entity_id as entity_id,
    _ml_as_of as as_of,
    _ml_split as split
from {{ ref(project_name, name ~ '_training_rows') }}

union all
{% endfor %}
select
    cast(null as {{ text }}) as ml_model,
    cast(null as {{ dbt.type_bigint() }}) as version,
    cast(null as {{ text }}) as entity_id,
    cast(null as {{ dbt.type_timestamp() }}) as as_of,
    cast(null as {{ text }}) as split
where 1 = 0
{%- endmacro %}
