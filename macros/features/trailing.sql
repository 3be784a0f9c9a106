{#
    The rows of a spine, each with aggregates of the events of its entity over windows that end at its as-of moment.

    A window of n days is (as_of - n days, as_of]; with strictly_before it is [as_of - n days, as_of). A day is 24
    hours. Every row of the spine comes back exactly once, with its columns. Counts and sums over no events are 0, the
    rest is NULL; all are NULL where the entity or the as-of moment is. NULL values are left out, as are events without
    entity or timestamp. Sums of decimals and whole numbers are exact; those of doubles can differ in the last bits from
    sums taken in another order. Time grows near-linearly, however many events an entity has. docs/features.md explains
    it.

    Arguments: spine and events, relations; entity and as_of, columns of the spine, where entity may be a list of
    columns; timestamp, column of the events;
    aggregates, mapping of names to mappings:
      aggregate: count, sum, mean, min, max, count_distinct, days_since_last or days_since_first;
      column: of what; for count left out, or a column whose values that are not NULL are counted; for days_since none;
    windows, list of numbers of days, and none for the lifetime; strictly_before, whether events at the as-of moment are
    left out; known_at, column of the events: one that was known after its timestamp counts from then, as if it had
    happened then; events_entity, the events' column, or list of columns, where named otherwise than the spine's.
    Returns: SQL, with the columns <name>_<n>d and <name>_lifetime; days_since, whole days over the lifetime, are
    <name>.
    Example:
      {{ ml_ledger.trailing(
          spine=ref('customer_months'),
          events=ref('orders'),
          entity='customer_id',
          as_of='as_of_date',
          timestamp='order_date',
          aggregates={'orders': {'aggregate': 'count'}, 'amount': {'aggregate': 'sum', 'column': 'amount'}},
          windows=[30, 90, none],
          strictly_before=true,
      ) }}
#}
{% macro trailing(
    spine,
    events,
    entity,
    as_of,
    timestamp,
    aggregates,
    windows,
    strictly_before=false,
    known_at=none,
    events_entity=none
) -%}
{%- set events_entity = events_entity or entity -%}
{%- do ml_ledger.refuse('trailing', ml_ledger.trailing_problems(
    spine, events, entity, as_of, timestamp, aggregates, windows, known_at, events_entity
)) -%}
{%- set entity, events_entity = ml_ledger.as_list(entity), ml_ledger.as_list(events_entity) -%}
{%- set keys = ml_ledger.entity_names(entity) -%}
{%- set key_list = keys | join(', ') -%}
{%- do ml_ledger.warn_of_bad_keys('trailing', spine, entity + [as_of]) -%}
{%- do ml_ledger.warn_of_no_rows('trailing: events', events) -%}
{%- set event_types = ml_ledger.column_types(events) -%}
{%- set plan = ml_ledger.trailing_plan(aggregates, windows, strictly_before, event_types) -%}
{#- At one moment, what counts at the as-of moment itself comes before the spine's row. -#}
{%- set event_order, spine_order = (2, 1) if strictly_before else (1, 2) -%}
with

_ml_keys as (
    select distinct
        {%- for column in ml_ledger.columns(entity) %}
        {{ column }} as {{ keys[loop.index0] }},
        {%- endfor %}
        {{ ml_ledger.epoch_microseconds(ml_ledger.column(as_of)) }} as _ml_as_of
    from {{ spine }} as _ml_spine
    where {{ ml_ledger.all_there(entity + [as_of]) }}
),

{{ ml_ledger.trailing_events(events, events_entity, keys, timestamp, known_at, plan.columns) }},

_ml_running as (
    {{ ml_ledger.running_at_ends(plan, keys, strictly_before) | indent(4) }}
),

{{ ml_ledger.trailing_ends(plan, key_list) }}
{%- for number in plan.distinct %},

{{ ml_ledger.trailing_distinct(number, windows, event_order, spine_order, keys) }}
{%- endfor %}

select
    _ml_spine.*
    {%- for name, sql in plan.outputs.items() %},
    {{ sql }} as {{ ml_ledger.quoted(name) }}
    {%- endfor %}
from {{ spine }} as _ml_spine
left join _ml_ends as ends
    on
        {{ ml_ledger.same_entity('_ml_spine', entity, 'ends', keys) | indent(8) }}
        and {{ ml_ledger.epoch_microseconds(ml_ledger.column(as_of, '_ml_spine')) }} = ends._ml_as_of
{%- for number in plan.distinct %}
left join _ml_distinct_{{ number }}
    on
        {{ ml_ledger.same_entity('ends', keys, '_ml_distinct_' ~ number, keys) | indent(8) }}
        and ends._ml_as_of = _ml_distinct_{{ number }}._ml_as_of
{%- endfor %}
{%- endmacro %}

{#
    A common table expression `_ml_events`: the events that count, with the moment from which they do.
    Arguments: events, timestamp and known_at, as of `trailing`; entity, columns of the events; keys, the names that
    they get; columns, list of those that are aggregated.
    Returns: SQL.
#}
{% macro trailing_events(events, entity, keys, timestamp, known_at, columns) -%}
{%- set event_moment = ml_ledger.epoch_microseconds(ml_ledger.column(timestamp)) -%}
{%- set known_moment = ml_ledger.epoch_microseconds(ml_ledger.column(known_at)) if known_at else none -%}
_ml_events as (
    select
        {%- for column in ml_ledger.columns(entity) %}
        {{ column }} as {{ keys[loop.index0] }},
        {%- endfor %}
        {% if known_at -%}
        case
            when {{ known_moment }} > {{ event_moment }} then {{ known_moment }}
            else {{ event_moment }}
        end as _ml_moment
        {%- else -%}
        {{ event_moment }} as _ml_moment
        {%- endif %}
        {%- for column in ml_ledger.columns(columns) %},
        {{ column }} as _ml_value_{{ loop.index }}
        {%- endfor %}
    from {{ events }} as _ml_happened
    where {{ ml_ledger.all_there(entity + [timestamp, known_at]) }}
)
{%- endmacro %}

{#
    A common table expression `_ml_ends`: per entity and as-of moment what has run up to each end of a window.
    Arguments: plan, as `trailing_plan` gives it; key_list, SQL, the columns of the entity.
    Returns: SQL.
#}
{% macro trailing_ends(plan, key_list) -%}
_ml_ends as (
    select
        {{ key_list }},
        _ml_as_of,
        {%- for name in plan.running %}
        {%- set last = loop.last %}
        {%- for days in plan.ends %}
        max(case when _ml_end = {{ days }} then {{ name }} end) as {{ name }}_at_{{ days }}
        {{- ',' if not (loop.last and last) or plan.frames }}
        {%- endfor %}
        {%- endfor %}
        {%- for name in plan.frames %}
        max(case when _ml_end = 0 then {{ name }} end) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from _ml_running
    group by {{ key_list }}, _ml_as_of
)
{%- endmacro %}
