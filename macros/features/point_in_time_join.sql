{#
    The rows of a spine, each with the values of feature views as they were at its as-of moment: of the rows of a view
    with the same entity, the one with the latest timestamp at or before that moment, among those that were known by then.

    Every row of the spine comes back exactly once, with its columns. Values are NULL where its entity or as-of moment is
    NULL, or nothing was known, or the latest is older than the maximum age. Rows of a view whose entity, timestamp or
    `known_at` is NULL are never taken. Of several rows with the same entity and timestamp, the one that was known last is
    taken, then the one with the greatest tie-breaker, then with the greatest values of `columns`, in their order; NULL
    comes last. docs/features.md explains it.

    Arguments: spine, relation; entity and as_of, its columns: whom a row is about, and the moment; views, list of
    mappings:
      relation; timestamp, column; columns, list of those to take;
      entity, its column, by default named as in the spine; spine_entity, the spine's column, where it is another one;
      known_at, column: when the row could be known, where that can be after its timestamp;
      tie_breaker, column; prefix, put before the names of `columns`;
      maximum_age_days, whole number: a value exactly so old is still taken.
    Returns: SQL.
    Example:
      {{ ml_ledger.point_in_time_join(
          spine=ref('applications'),
          entity='customer_id',
          as_of='applied_at',
          views=[{
              'relation': ref('balances'), 'timestamp': 'booked_at', 'known_at': 'loaded_at',
              'columns': ['balance'], 'maximum_age_days': 90,
          }],
      ) }}
#}
{% macro point_in_time_join(spine, entity, as_of, views) -%}
{%- do ml_ledger.refuse('point_in_time_join', ml_ledger.point_in_time_problems(spine, entity, as_of, views)) -%}
with

{% for view in views -%}
{%- set number, known_at = loop.index, view.get('known_at') -%}
_ml_keys_{{ number }} as (
    select distinct
        {{ view.get('spine_entity') or entity }} as _ml_entity,
        {{ as_of }} as _ml_as_of
    from {{ spine }} as spine
    where {{ view.get('spine_entity') or entity }} is not null and {{ as_of }} is not null
),

_ml_moments_{{ number }} as (
    select
        {{ view.get('entity') or entity }} as _ml_entity,
        {{ view.timestamp }} as _ml_timestamp,
        {% if known_at -%}
        case when {{ known_at }} > {{ view.timestamp }} then {{ known_at }} else {{ view.timestamp }} end as _ml_seen_from
        {%- else -%}
        {{ view.timestamp }} as _ml_seen_from
        {%- endif %}
    from {{ view.relation }} as feature_view
    where
        {{ view.get('entity') or entity }} is not null
        and {{ view.timestamp }} is not null
        {%- if known_at %}
        and {{ known_at }} is not null
        {%- endif %}
),

_ml_latest_{{ number }} as (
    {{ ml_ledger.latest_timestamp('_ml_keys_' ~ number, '_ml_moments_' ~ number, late=known_at is not none) | indent(4) }}
),

_ml_ranked_{{ number }} as (
    select
        latest._ml_entity,
        latest._ml_as_of,
        {%- for column in view.columns %}
        feature_view.{{ column }} as {{ (view.get('prefix') or '') ~ column }},
        {%- endfor %}
        row_number() over (
            partition by latest._ml_entity, latest._ml_as_of
            order by
                {%- for column in [known_at, view.get('tie_breaker')] | select('string') | list + view.columns %}
                case when feature_view.{{ column }} is null then 1 else 0 end,
                feature_view.{{ column }} desc{{ ',' if not loop.last }}
                {%- endfor %}
        ) as _ml_rank
    from _ml_latest_{{ number }} as latest
    inner join {{ view.relation }} as feature_view
        on
            latest._ml_entity = feature_view.{{ view.get('entity') or entity }}
            and latest._ml_timestamp = feature_view.{{ view.timestamp }}
            {%- if known_at %}
            and latest._ml_as_of >= feature_view.{{ known_at }}
            {%- endif %}
    {%- if view.get('maximum_age_days') is not none %}
    where latest._ml_timestamp >= {{ dbt.dateadd('day', -view.maximum_age_days, 'latest._ml_as_of') }}
    {%- endif %}
),

_ml_view_{{ number }} as (
    select *
    from _ml_ranked_{{ number }}
    where _ml_rank = 1
){{ ',\n\n' if not loop.last }}
{%- endfor %}

select
    spine.*
    {%- for view in views %}
    {%- set number = loop.index %}
    {%- for column in view.columns %},
    _ml_view_{{ number }}.{{ (view.get('prefix') or '') ~ column }}
    {%- endfor %}
    {%- endfor %}
from {{ spine }} as spine
{%- for view in views %}
left join _ml_view_{{ loop.index }}
    on
        spine.{{ view.get('spine_entity') or entity }} = _ml_view_{{ loop.index }}._ml_entity
        and spine.{{ as_of }} = _ml_view_{{ loop.index }}._ml_as_of
{%- endfor %}
{%- endmacro %}
