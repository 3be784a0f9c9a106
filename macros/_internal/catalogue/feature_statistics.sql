{#
    What the declared feature views hold, as known at the clock: one row per feature view and feature, in one pass over
    each feature view, after one over its timestamps.
    Arguments: columns, mapping of column to SQL type, in the order in which they come.
    Returns: SQL.
    Example: see models/catalogue/ml_feature_statistics.sql
#}
{% macro feature_statistics(columns) -%}
{%- set views = ml_ledger.feature_views() -%}
{%- if execute -%}
{{ ml_ledger.feature_statistics_query(views, columns) }}
{%- endif -%}
{%- endmacro %}

{#
    The rows of `feature_statistics`.
    Arguments: views, as `feature_views` returns them; columns, as of `feature_statistics`.
    Returns: SQL.
#}
{% macro feature_statistics_query(views, columns) -%}
{%- do ml_ledger.warn_of_unlisted_views() -%}
{%- set readers = ml_ledger.feature_readers(views) if views else {} -%}
{%- for view in views -%}
{%- do ml_ledger.warn_of_no_rows('feature view ' ~ view.name, view.relation) -%}
{%- set number = loop.index -%}
{{ 'with\n\n' if loop.first -}}
{{ ml_ledger.feature_counts(view, number) }},

_ml_described_{{ number }} as (
    {{ ml_ledger.described_features(view, readers[view.name]) | indent(4) }}
){{ ',\n\n' if not loop.last }}
{%- endfor %}

{% for view in views -%}
{%- set filled, filled_latest = [], [] -%}
{%- for feature in view.features -%}
    {%- do filled.append('when ' ~ loop.index ~ ' then counted._ml_filled_' ~ loop.index) -%}
    {%- do filled_latest.append('when ' ~ loop.index ~ ' then counted._ml_filled_latest_' ~ loop.index) -%}
{%- endfor -%}
{%- set double = ml_ledger.type_double() -%}
{%- set values = {
    'feature_view': ml_ledger.text_literal(view.name),
    'feature': 'described.feature',
    'entity': ml_ledger.text_literal(view.entity | join(', ')),
    'kind': 'described.kind',
    'data_type': 'described.data_type',
    'owner': ml_ledger.text_literal(view.declared.owner) if view.declared.get('owner') else 'null',
    'description': 'described.description',
    'fresh_within_days':
        view.declared.fresh_within_days if view.declared.get('fresh_within_days') is not none else 'null',
    'entities': 'counted._ml_entities',
    'row_count': 'counted._ml_rows',
    'first_timestamp': 'counted._ml_first',
    'latest_timestamp': 'counted._ml_latest',
    'null_share': 'cast(counted._ml_rows - case described.number \n            ' ~ filled | join('\n            ')
        ~ '\n        end as ' ~ double
        ~ ') / nullif(counted._ml_rows, 0)',
    'null_share_latest': 'cast(counted._ml_latest_rows - case described.number \n            '
        ~ filled_latest | join('\n            ') ~ '\n        end as '
        ~ double ~ ') / nullif(counted._ml_latest_rows, 0)',
    'used_by_ml_models': 'described.used_by_ml_models',
    'read_by_ml_models': ml_ledger.text_literal(readers[view.name] | tojson),
} -%}
select
    {%- for column, type in columns.items() %}
    cast({{ values[column] }} as {{ type }}) as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
from _ml_described_{{ loop.index }} as described
cross join _ml_counted_{{ loop.index }} as counted
{% if not loop.last -%}
union all
{% endif -%}
{%- else -%}
{{ ml_ledger.declared_rows(columns, []) }}
{%- endfor %}
{%- endmacro %}
