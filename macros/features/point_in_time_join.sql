{#
    The rows of a spine, each with the values of feature views as they were at its as-of moment: of the rows of a view
    with the same entity, the one with the latest timestamp at or before that moment, among those that were known by
    then.

    Every row of the spine comes back exactly once, with its columns. Values are NULL where its entity or as-of moment
    is NULL, or nothing was known, or the latest is older than the maximum age. Rows of a view whose entity, timestamp
    or `known_at` is NULL are never taken. Of several rows with the same entity and timestamp, the one that was known
    last is taken, then the one with the greatest tie-breaker, then with the greatest values of `columns`, in their
    order; NULL comes last. docs/features.md explains it.

    Arguments: spine, relation; entity and as_of, its columns: whom a row is about, which may be a list of columns, and
    the moment; views, list of mappings:
      relation; timestamp, column; columns, list of those to take;
      entity, its column or columns, by default named as in the spine; spine_entity, the spine's, where it is another
      one; known_at, column: when the row could be known, where that can be after its timestamp;
      tie_breaker, column; prefix, put before the names of `columns`;
      maximum_age_days, whole number: a value exactly so old is still taken.
    What an entry leaves out is taken from the declaration of the feature view, where the relation is one: timestamp,
    known_at, tie_breaker, maximum_age_days, columns, and entity, then also the name of the spine's column.
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
{#- While dbt parses, declarations cannot be read. -#}
{%- if execute -%}
{%- do ml_ledger.refuse('point_in_time_join', ml_ledger.point_in_time_problems(spine, entity, as_of, views)) -%}
{%- do ml_ledger.warn_of_bad_keys('point_in_time_join', spine, ml_ledger.as_list(entity) + [as_of]) -%}
{%- set full_views = [] -%}
{%- for view in views -%}
    {%- do ml_ledger.warn_of_no_rows('point_in_time_join: views[' ~ loop.index0 ~ ']', view.relation) -%}
    {%- set full = ml_ledger.completed_view(view, entity) -%}
    {%- do full.setdefault('columns', []) -%}
    {%- do full_views.append(full) -%}
{%- endfor -%}
with

{% for view in full_views -%}
{{ ml_ledger.latest_of_view(loop.index, view, spine, as_of) }}{{ ',\n\n' if not loop.last }}
{%- endfor %}

select
    _ml_spine.*
    {%- for view in full_views %}
    {%- set number = loop.index %}
    {%- for column in view.columns %}
    {%- set name = (view.get('prefix') or '') ~ ml_ledger.column_name(column) %},
    _ml_view_{{ number }}._ml_taken_{{ loop.index }} as {{ ml_ledger.quoted(name) }}
    {%- endfor %}
    {%- endfor %}
from {{ spine }} as _ml_spine
{%- for view in full_views %}
left join _ml_view_{{ loop.index }}
    on
        {{ ml_ledger.same_entity(
            '_ml_spine', view.spine_entity, '_ml_view_' ~ loop.index, ml_ledger.entity_names(view.entity)
        ) | indent(8) }}
        and {{ ml_ledger.column(as_of, '_ml_spine') }} = _ml_view_{{ loop.index }}._ml_as_of
{%- endfor %}
{%- endif -%}
{%- endmacro %}

{#
    Common table expressions that end in `_ml_view_<number>`: per entity and as-of moment of the spine the row of one
    feature view that was the latest by then.
    Arguments: number, of the view; view, as `completed_view` gives it; spine and as_of, as of `point_in_time_join`.
    Returns: SQL.
#}
{% macro latest_of_view(number, view, spine, as_of) -%}
{%- set known_at, keys = view.get('known_at'), ml_ledger.entity_names(view.entity) -%}
{%- set timestamp = ml_ledger.column(view.timestamp) -%}
{%- set known_moment = ml_ledger.column(known_at) if known_at else none -%}
_ml_keys_{{ number }} as (
    select distinct
        {%- for column in ml_ledger.columns(view.spine_entity) %}
        {{ column }} as {{ keys[loop.index0] }},
        {%- endfor %}
        {{ ml_ledger.column(as_of) }} as _ml_as_of
    from {{ spine }} as _ml_spine
    where {{ ml_ledger.all_there(view.spine_entity + [as_of]) }}
),

_ml_moments_{{ number }} as (
    select
        {%- for column in ml_ledger.columns(view.entity) %}
        {{ column }} as {{ keys[loop.index0] }},
        {%- endfor %}
        {{ timestamp }} as _ml_timestamp,
        {% if known_at -%}
        case when {{ known_moment }} > {{ timestamp }} then {{ known_moment }} else {{ timestamp }} end as _ml_seen_from
        {%- else -%}
        {{ timestamp }} as _ml_seen_from
        {%- endif %}
    from {{ view.relation }} as _ml_feature_view
    where {{ ml_ledger.all_there(view.entity + [view.timestamp, known_at]) }}
),

_ml_latest_{{ number }} as (
    {{ ml_ledger.latest_timestamp(
        '_ml_keys_' ~ number, '_ml_moments_' ~ number, late=known_at is not none, entity=keys
    ) | indent(4) }}
),

_ml_ranked_{{ number }} as (
    select
        {%- for key in keys %}
        latest.{{ key }},
        {%- endfor %}
        latest._ml_as_of,
        {%- for column in view.columns %}
        {{ ml_ledger.column(column, '_ml_feature_view') }} as _ml_taken_{{ loop.index }},
        {%- endfor %}
        row_number() over (
            partition by {% for key in keys %}latest.{{ key }}, {% endfor %}latest._ml_as_of
            order by
                {{ ml_ledger.order_of_ties(
                    [known_at, view.get('tie_breaker')] + view.columns, '_ml_feature_view'
                ) | indent(16) }}
        ) as _ml_rank
    from _ml_latest_{{ number }} as latest
    inner join {{ view.relation }} as _ml_feature_view
        on
            {{ ml_ledger.same_entity('latest', keys, '_ml_feature_view', view.entity) | indent(12) }}
            and latest._ml_timestamp = _ml_feature_view.{{ timestamp }}
            {%- if known_at %}
            and latest._ml_as_of >= _ml_feature_view.{{ known_moment }}
            {%- endif %}
    {%- if view.get('maximum_age_days') is not none %}
    where latest._ml_timestamp >= {{ dbt.dateadd('day', -view.maximum_age_days, 'latest._ml_as_of') }}
    {%- endif %}
),

_ml_view_{{ number }} as (
    select *
    from _ml_ranked_{{ number }}
    where _ml_rank = 1
)
{%- endmacro %}
