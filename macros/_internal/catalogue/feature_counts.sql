{#
    Common table expressions that count what a feature view holds, as known at the clock: `_ml_latest_<number>`, its
    latest timestamp, and `_ml_counted_<number>`, one row with `_ml_rows`, `_ml_latest_rows` (at that timestamp),
    `_ml_entities`, `_ml_first`, `_ml_latest`, and per feature, by its number from 1, how many values are not NULL:
    `_ml_filled_<n>` and `_ml_filled_latest_<n>`.
    Arguments: view, as of `feature_views`; number, of it.
    Returns: SQL.
#}
{% macro feature_counts(view, number) -%}
_ml_latest_{{ number }} as (
    select max({{ ml_ledger.moment_of(view, view.timestamp) }}) as _ml_latest
    from {{ view.relation }} as _ml_feature_view
    where
        {{ ml_ledger.known_rows(view) }}
),

_ml_counted_{{ number }} as (
    select
        {%- set latest = ml_ledger.moment_of(view, view.timestamp) ~ ' = latest._ml_latest' %}
        count(*) as _ml_rows,
        count(case when {{ latest }} then 1 end) as _ml_latest_rows,
        count(distinct {{
            ml_ledger.column(view.entity[0]) if view.entity | length == 1 else ml_ledger.entity_text(view)
        }}) as _ml_entities,
        min({{ ml_ledger.moment_of(view, view.timestamp) }}) as _ml_first,
        max({{ ml_ledger.moment_of(view, view.timestamp) }}) as _ml_latest,
        {%- for feature in ml_ledger.columns(view.features) %}
        count({{ feature }}) as _ml_filled_{{ loop.index }},
        count(case when {{ latest }} then {{ feature }} end) as _ml_filled_latest_{{ loop.index }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from {{ view.relation }} as _ml_feature_view
    cross join _ml_latest_{{ number }} as latest
    where
        {{ ml_ledger.known_rows(view) }}
)
{%- endmacro %}
