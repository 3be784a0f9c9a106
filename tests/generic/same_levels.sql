{#
    The levels of a category are the known ones: none is new, none is gone. A new and a vanished level with similar shares are
    probably one level that was renamed, such as GB to UK; the finding says so.
    Arguments, one of: levels, a list, or a mapping of level to its usual share; reference, relation with a column of this
    name, whose levels count in the rows for which `reference_where` holds. at_most, the share of rows that one new level may
    have, 0 unless told; expected_rows, 5 unless told: a level is gone when it has no row and at its usual share would have as
    many (a level of a list without shares is gone when it has no row).
    A failing row per level: docs/quality.md. NULL is no level (see mostly_there). None on an empty model.
#}
{% test same_levels(
    model, column_name, levels=none, reference=none, reference_where='1 = 1', at_most=0, expected_rows=5, key=none
) %}
{%- if (levels is none) == (reference is none) -%}
    {%- do exceptions.raise_compiler_error(
        'same_levels on ' ~ column_name ~ ': takes either levels or reference; got '
        ~ ('neither' if levels is none else 'both') ~ '. Fix: declare one of them.'
    ) -%}
{%- endif -%}
{%- set text, double = dbt.type_string(), ml_ledger.type_double() -%}
{%- set similar = 0.25 -%}
with

present as (
    select
        cast({{ column_name }} as {{ text }}) as level_text,
        count(*) as level_rows,
        min({{ ml_ledger.key_text(key) }}) as example
    from {{ model }}
    where {{ column_name }} is not null
    group by cast({{ column_name }} as {{ text }})
),

totals as (
    select sum(level_rows) as total
    from present
),

known as (
    {% if reference is none -%}
    {% for level in levels -%}
    select
        cast({{ ml_ledger.text_literal(level) }} as {{ text }}) as level_text,
        cast({{ levels[level] if levels is mapping else 'null' }} as {{ double }}) as share
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor -%}
    {%- else -%}
    select
        cast({{ column_name }} as {{ text }}) as level_text,
        count(*) / cast(sum(count(*)) over () as {{ double }}) as share
    from {{ reference }}
    where {{ column_name }} is not null and ({{ reference_where }})
    group by cast({{ column_name }} as {{ text }})
    {%- endif %}
),

new_levels as (
    select
        present.level_text,
        present.level_rows,
        present.example,
        totals.total,
        {{ ml_ledger.share_of('present.level_rows', 'totals.total') }} as share
    from present
    cross join totals
    left join known
        on present.level_text = known.level_text
    where known.level_text is null and present.level_rows > {{ at_most }} * totals.total
),

vanished_levels as (
    select
        known.level_text,
        known.share,
        totals.total
    from known
    cross join totals
    left join present
        on known.level_text = present.level_text
    where
        present.level_text is null
        and totals.total > 0
        and coalesce(known.share * totals.total >= {{ expected_rows }}, true)
),

-- Of the pairs with similar shares, the closest of each level, seen from both.
pairs as (
    select
        new_levels.level_text as new_level,
        vanished_levels.level_text as vanished_level,
        row_number() over (
            partition by new_levels.level_text
            order by abs(new_levels.share - vanished_levels.share), vanished_levels.level_text
        ) as place_of_vanished,
        row_number() over (
            partition by vanished_levels.level_text
            order by abs(new_levels.share - vanished_levels.share), new_levels.level_text
        ) as place_of_new
    from new_levels
    inner join vanished_levels
        on
            abs(new_levels.share - vanished_levels.share)
            <= {{ similar }} * greatest(new_levels.share, vanished_levels.share)
),

renames as (
    select
        new_level,
        vanished_level
    from pairs
    where place_of_vanished = 1 and place_of_new = 1
),

described_new as (
    select
        new_levels.level_text,
        new_levels.level_rows as affected,
        new_levels.example,
        new_levels.total,
        {{ ml_ledger.short_number('new_levels.share') }} as share,
        {{ ml_ledger.short_number(at_most) }} as allowed_share,
        case
            when renames.vanished_level is null then ''
            else {{ ml_ledger.text_literal("Probably '") }} || renames.vanished_level
                || {{ ml_ledger.text_literal("', which is gone, was renamed to it: their shares are similar. ") }}
        end as suspicion
    from new_levels
    left join renames
        on new_levels.level_text = renames.new_level
),

described_vanished as (
    select
        vanished_levels.level_text,
        vanished_levels.total,
        coalesce({{ ml_ledger.short_number('vanished_levels.share') }}, 'any') as usual_share,
        case
            when renames.new_level is null then ''
            else {{ ml_ledger.text_literal("Probably it was renamed to '") }} || renames.new_level
                || {{ ml_ledger.text_literal("', which is new: their shares are similar. ") }}
        end as suspicion
    from vanished_levels
    left join renames
        on vanished_levels.level_text = renames.vanished_level
)

select
    {{ ml_ledger.finding(
        column_name, 'level_text', ml_ledger.sentence('new levels: a share of {allowed_share}'), 'affected', 'example',
        ml_ledger.sentence(
            column_name ~ " has the new level '{level_text}' in {affected} of {total} rows, a share of {share}; example: "
            ~ '{example}. {suspicion}Fix: map it to a known level in staging, or add it here and train again.'
        )
    ) }}
from described_new

union all

select
    {{ ml_ledger.finding(
        column_name, 'level_text', ml_ledger.sentence('present, usual share {usual_share}'), '0',
        ml_ledger.sentence('no row has {level_text}'),
        ml_ledger.sentence(
            column_name ~ " no longer has the level '{level_text}' in any of {total} rows; its usual share is {usual_share}. "
            ~ '{suspicion}Fix: look for a lost delivery or a join that drops it, map the new name back in staging, or remove '
            ~ 'the level here and train again.'
        )
    ) }}
from described_vanished
{% endtest %}
