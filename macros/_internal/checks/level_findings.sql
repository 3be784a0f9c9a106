{#
    What is wrong with the levels of a category: those that are new, those that are gone, and where the two have similar
    shares, that one was probably renamed to the other.
    Arguments: relation; column; known, SQL, a select of level_text and share, a double or NULL; at_most, the share of
    rows that one new level may have; expected_rows, how many a level must have at its usual share to be missed; key, a
    column or a list that finds a row again; name, of the column in the finding, where column is quoted.
    Returns: SQL, a select of the columns of `finding`.
    Example: see tests/generic/same_levels.sql
#}
{% macro level_findings(relation, column, known, at_most=0, expected_rows=5, key=none, name=none) -%}
{%- set name = column if name is none else name -%}
{%- set said = ml_ledger.said(name) -%}
{%- set text = dbt.type_string() -%}
with

present as (
    select
        cast({{ column }} as {{ text }}) as level_text,
        count(*) as level_rows,
        min({{ ml_ledger.key_text(key) }}) as example
    from {{ relation }}
    where {{ column }} is not null
    group by 1
),

totals as (
    select sum(level_rows) as total
    from present
),

known as (
    {{ known }}
),

{{ ml_ledger.levels_of_one_side(at_most, expected_rows) }},

{{ ml_ledger.level_renames() }},

{{ ml_ledger.described_levels(at_most) }}

select
    {{ ml_ledger.finding(
        name, 'level_text', ml_ledger.sentence('new levels: a share of {allowed_share}'), 'affected', 'example',
        ml_ledger.sentence(
            said ~ " has the new level '{level_text}' in {affected} of {total} rows, a share of {share}; example: "
            ~ '{example}. {suspicion}Fix: map it to a known level in staging, or add it here and train again.'
        )
    ) }}
from described_new

union all

select
    {{ ml_ledger.finding(
        name, 'level_text', ml_ledger.sentence('present, usual share {usual_share}'), '0',
        ml_ledger.sentence('no row has {level_text}'),
        ml_ledger.sentence(
            said ~ " no longer has the level '{level_text}' in any of {total} rows; its usual share is {usual_share}. "
            ~ '{suspicion}Fix: look for a lost delivery or a join that drops it, map the new name back in staging,'
            ~ ' or remove '
            ~ 'the level here and train again.'
        )
    ) }}
from described_vanished
{%- endmacro %}

{#
    Common table expressions over `present`, `totals` and `known`: `new_levels` and `vanished_levels`.
    Arguments: as of `level_findings`.
    Returns: SQL.
#}
{% macro levels_of_one_side(at_most, expected_rows) -%}
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
)
{%- endmacro %}

{#
    Common table expressions that end in `renames`: the pairs of `new_levels` and `vanished_levels` that are probably
    one level.
    Returns: SQL.
#}
{% macro level_renames() -%}
{%- set similar = 0.25 -%}
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
)
{%- endmacro %}

{#
    Common table expressions `described_new` and `described_vanished`: the levels, with the texts of a finding.
    Arguments: at_most, as of `level_findings`.
    Returns: SQL.
#}
{% macro described_levels(at_most) -%}
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
{%- endmacro %}
