{#
    How versions did in use, of every ML model that declares `monitoring`, by the period that it declares.
    Arguments: columns, mapping of column to SQL type.
    Returns: SQL, a select.
    Example: see models/monitoring/ml_performance.sql
#}
{% macro union_performance(columns) -%}
{%- for name in ml_ledger.ml_model_names() if 'monitoring' in ml_ledger.ml_model_spec(name) %}
{%- set period = ml_ledger.declared_value(ml_ledger.ml_model_spec(name), ['monitoring', 'period'], 'month') %}
select
    {% for column, type in columns.items() -%}
    cast({{ column }} as {{ type }}) as {{ column }}{{ ',' if not loop.last }}
    {% endfor -%}
from {{ ref(project_name, name ~ '_performance') }}
where period = {{ ml_ledger.text_literal(period) }}

union all
{% endfor %}
select
    {% for column, type in columns.items() -%}
    cast(null as {{ type }}) as {{ column }}{{ ',' if not loop.last }}
    {% endfor -%}
where 1 = 0
{%- endmacro %}
