{#
    Common table expressions that count different values over trailing windows, without a distinct aggregate per window,
    which few engines have. A value enters a window when an event has it, and leaves when it was last seen so many days
    ago; an event that repeats it before that ends the stay of the one before. The running sum of those that entered,
    less those that left, is the number of values.
    Arguments: number, of the value in `_ml_events`; windows, as in `trailing`; event_order and spine_order, which of
    two rows at one moment comes first; keys, list of the columns of the entity.
    Returns: SQL, ending in `_ml_distinct_<number>` with `keys`, `_ml_as_of` and a `_ml_count_<days>` per window.
#}
{% macro trailing_distinct(number, windows, event_order, spine_order, keys) -%}
_ml_seen_{{ number }} as (
    select
        {{ keys | join(', ') }},
        _ml_moment,
        lead(_ml_moment) over (
            partition by {{ keys | join(', ') }}, _ml_value_{{ number }} order by _ml_moment
        ) as _ml_seen_again
    from _ml_events
    where _ml_value_{{ number }} is not null
),

_ml_changes_{{ number }} as (
    select
        {{ keys | join(', ') }},
        _ml_moment,
        {{ event_order }} as _ml_order,
        {%- for days in windows %}
        1 as _ml_change_{{ ml_ledger.window_name(days) }},
        {%- endfor %}
        cast(null as {{ dbt.type_bigint() }}) as _ml_as_of
    from _ml_seen_{{ number }}
    {%- for days in windows %}
    {%- set expires = '_ml_moment + ' ~ ml_ledger.microseconds(days or 0) %}
    union all
    select
        {{ keys | join(', ') }},
        {% if days is none -%}
        _ml_seen_again as _ml_moment,
        {%- else -%}
        case when _ml_seen_again < {{ expires }} then _ml_seen_again else {{ expires }} end as _ml_moment,
        {%- endif %}
        {{ event_order }} as _ml_order,
        {%- for other in windows %}
        {{ -1 if other == days else 0 }} as _ml_change_{{ ml_ledger.window_name(other) }},
        {%- endfor %}
        null as _ml_as_of
    from _ml_seen_{{ number }}
    {%- if days is none %}
    where _ml_seen_again is not null
    {%- endif %}
    {%- endfor %}
    union all
    select
        {{ keys | join(', ') }},
        _ml_as_of as _ml_moment,
        {{ spine_order }} as _ml_order,
        {%- for days in windows %}
        0 as _ml_change_{{ ml_ledger.window_name(days) }},
        {%- endfor %}
        _ml_as_of
    from _ml_keys
),

_ml_counts_{{ number }} as (
    select
        {{ keys | join(', ') }},
        _ml_as_of,
        {%- for days in windows %}
        sum(_ml_change_{{ ml_ledger.window_name(days) }}) over (
            partition by {{ keys | join(', ') }} order by _ml_moment, _ml_order
            rows between unbounded preceding and current row
        ) as _ml_count_{{ ml_ledger.window_name(days) }}{{ ',' if not loop.last }}
        {%- endfor %}
    from _ml_changes_{{ number }}
),

_ml_distinct_{{ number }} as (
    select *
    from _ml_counts_{{ number }}
    where _ml_as_of is not null
)
{%- endmacro %}
