{#
    The table beside the versions of an ML model in which its versions node writes down what kept a version from being
    made (src/ml_ledger/training/attempts.py). dbt does not know of it, so it is looked for in the warehouse.
    Arguments: versions, the relation of the versions node.
    Returns: relation, or none where nothing was ever kept from being made.
    Example: {% set attempts = ml_ledger.attempts_beside(ref('repurchase_versions')) %}
#}
{% macro attempts_beside(versions) %}
    {% if not execute or versions is string or versions.is_cte %}
        {% do return(none) %}
    {% endif %}
    {% set relation = api.Relation.create(
        database=versions.database, schema=versions.schema, identifier=versions.identifier ~ '_attempts'
    ) %}
    {% do return(relation if adapter.get_columns_in_relation(relation) else none) %}
{% endmacro %}

{#
    The attempts of one ML model, or no row.
    Arguments: versions, the relation of its versions node.
    Returns: SQL, a select of `attempt_columns`.
    Example: {{ ml_ledger.attempts(ref('repurchase_versions')) }}
#}
{% macro attempts(versions) -%}
{%- set relation = ml_ledger.attempts_beside(versions) -%}
{%- if relation is none -%}
{{ ml_ledger.declared_rows(ml_ledger.attempt_columns(), []) }}
{%- else -%}
select
    {%- for column, type in ml_ledger.attempt_columns().items() %}
    cast({{ column }} as {{ type }}) as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ relation }}
{%- endif -%}
{%- endmacro %}

{#
    The columns of attempts.
    Returns: mapping of column to SQL type.
#}
{% macro attempt_columns() %}
    {% set text, moment = dbt.type_string(), dbt.type_timestamp() %}
    {% do return({
        'ml_model': text,
        'attempted_at': moment,
        'kind': text,
        'message': text,
        'stops_scoring': dbt.type_boolean(),
        'spec_hash': text,
        'training_set_fingerprint': text,
        'invocation_id': text,
        'recorded_at': moment,
    }) %}
{% endmacro %}
