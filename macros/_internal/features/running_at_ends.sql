{#
    For both ends of each window of `trailing`, what the events of the entity up to there come to, from the first one
    on. Reads `_ml_keys` and `_ml_events` of `trailing`.
    Arguments: plan, of `trailing_plan`; keys, list of the columns of the entity; strictly_before, whether events at the
    end itself are left out.
    Returns: SQL, a select of `keys`, `_ml_as_of`, `_ml_end`, 0 for the as-of moment and else days before it, and the
    columns of `plan.running`; and those of `plan.frames`, where `_ml_end` is 0.
    Example: see macros/features/trailing.sql
#}
{% macro running_at_ends(plan, keys, strictly_before) %}
    {% do return(adapter.dispatch('running_at_ends', 'ml_ledger')(plan, keys, strictly_before)) %}
{% endmacro %}

{% macro default__running_at_ends(plan, keys, strictly_before) -%}
{#- At one moment, what counts at the as-of moment itself comes before the spine's row. -#}
{%- set event_order, spine_order = (2, 1) if strictly_before else (1, 2) -%}
{%- set key_list = keys | join(', ') -%}
select *
from (
    select
        {{ key_list }},
        _ml_as_of,
        _ml_end,
        {%- for name, sql in plan.running.items() %}
        {{ sql }} over (
            partition by {{ key_list }} order by _ml_moment, _ml_order
            rows between unbounded preceding and current row
        ) as {{ name }}{{ ',' if not loop.last or plan.frames }}
        {%- endfor %}
        {%- for name, (sql, days) in plan.frames.items() %}
        {{ sql }} over (
            partition by {{ key_list }} order by _ml_moment
            {{ ml_ledger.window_frame(days, strictly_before) }}
        ) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        select
            {{ key_list }},
            _ml_moment,
            {{ event_order }} as _ml_order,
            1 as _ml_event,
            _ml_moment as _ml_happened,
            {%- for column in plan.columns %}
            _ml_value_{{ loop.index }},
            {%- endfor %}
            cast(null as {{ dbt.type_bigint() }}) as _ml_as_of,
            cast(null as integer) as _ml_end
        from _ml_events
        {%- for days in plan.ends %}
        union all
        select
            {{ key_list }},
            _ml_as_of - {{ ml_ledger.microseconds(days) }} as _ml_moment,
            {{ spine_order }} as _ml_order,
            0 as _ml_event,
            null as _ml_happened,
            {%- for column in plan.columns %}
            null as _ml_value_{{ loop.index }},
            {%- endfor %}
            _ml_as_of,
            {{ days }} as _ml_end
        from _ml_keys
        {%- endfor %}
    ) as _ml_timeline
) as _ml_running
where _ml_end is not null
{%- endmacro %}

{#
    Sums over the events alone, and an as-of join: a window function over thousands of rows takes longer per row, and
    the ends are many rows. Events at one moment have one sum, so that it does not matter which of them the join finds.
#}
{% macro duckdb__running_at_ends(plan, keys, strictly_before) -%}
{%- set faster = {
    '_ml_counted': 'count(*)', '_ml_first': 'first_value(_ml_moment)', '_ml_last': 'last_value(_ml_moment)'
} -%}
{%- if plan.frames -%}
{{ ml_ledger.default__running_at_ends(plan, keys, strictly_before) }}
{%- else -%}
select
    {%- for key in keys %}
    ends.{{ key }},
    {%- endfor %}
    ends._ml_as_of,
    ends._ml_end,
    {%- for name in plan.running %}
    running.{{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
from (
    {%- for days in plan.ends %}
    select
        {{ keys | join(', ') }},
        _ml_as_of,
        _ml_as_of - {{ ml_ledger.microseconds(days) }} as _ml_moment,
        {{ days }} as _ml_end
    from _ml_keys
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
) as ends
asof left join (
    select
        {{ keys | join(', ') }},
        _ml_moment,
        {%- for name, sql in plan.running.items() %}
        {{ faster.get(name, sql) }} over (
            partition by {{ keys | join(', ') }} order by _ml_moment
            range between unbounded preceding and current row
        ) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from _ml_events
) as running
    on
        {{ ml_ledger.same_entity('ends', keys, 'running', keys) | indent(8) }}
        and ends._ml_moment {{ '>' if strictly_before else '>=' }} running._ml_moment
{%- endif -%}
{%- endmacro %}
