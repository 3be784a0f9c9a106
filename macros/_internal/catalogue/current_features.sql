{#
    The latest row of every declared feature view per entity, as known at the clock, with its features as one JSON
    object.
    Arguments: columns, mapping of column to SQL type, in the order in which they come.
    Returns: SQL.
    Example: see models/catalogue/ml_features_current.sql
#}
{% macro current_features(columns) -%}
{%- for view in ml_ledger.feature_views() -%}
{%- set features = {} -%}
{%- for feature in view.features -%}
    {%- do features.update({ml_ledger.column_name(feature) | lower: ml_ledger.column(feature)}) -%}
{%- endfor -%}
{%- set values = {
    'feature_view': ml_ledger.text_literal(view.name),
    'entity': ml_ledger.text_literal(view.entity | join(', ')),
    'entity_id': ml_ledger.entity_text(view),
    'valid_from': ml_ledger.moment_of(view, view.timestamp),
    'features': ml_ledger.json_object(features),
} -%}
select
    {%- for column, type in columns.items() %}
    cast({{ values[column] }} as {{ type }}) as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
from (
    {{ ml_ledger.latest_per_entity(view.relation) | indent(4) }}
) as _ml_latest
{% if not loop.last -%}
union all
{% endif -%}
{%- else -%}
{{ ml_ledger.declared_rows(columns, []) }}
{%- endfor %}
{%- endmacro %}
