{#
    The same columns of one node of every declared ML model, one below the other.
    Arguments: node, what follows the ML model's name in the node's name ('versions', 'deployments', 'predictions');
    columns, mapping of column to SQL type. With no ML model declared: no rows of these types. The nodes are looked for
    in the project that is built (`project_name`), where ML models are declared; tasks, those of the ML models that have
    the node, and declaring, the key that asks for it, none for all; conditions, mapping of ML models to SQL that limits
    their rows.
    Returns: SQL, a select.
    Example: {{ ml_ledger.union_ml_models('versions', {'ml_model': 'varchar', 'version': 'bigint'}) }}
#}
{% macro union_ml_models(node, columns, tasks=none, declaring=none, conditions={}) -%}
{%- for name in ml_ledger.ml_model_names(tasks, declaring) %}
select
    {%- for column, type in columns.items() %}
    cast({{ column }} as {{ type }}) as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ ref(project_name, name ~ '_' ~ node) }}
{% if name in conditions -%}
where {{ conditions[name] }}
{% endif -%}
{% if not loop.last %}
union all
{% endif -%}
{% else %}
{{ ml_ledger.declared_rows(columns, []) }}
{% endfor %}
{%- endmacro %}
