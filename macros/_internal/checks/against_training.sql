{#
    Findings about one feature of the latest rows, against the statistics of the training rows. Each is a select of the
    columns of `finding` over the expressions `latest` and `reference_statistics` of
    tests/generic/like_its_training.sql.
    Arguments: feature, its name; key, a list of columns that finds a row again; limits, mapping of the test's limits.
    Returns: SQL.
#}
{% macro missing_against_training(feature, key, limits) -%}
{%- set column = ml_ledger.quoted(feature) -%}
with

observed as (
    select
        count(*) as total,
        count({{ column }}) as present,
        min(case when {{ column }} is null then {{ ml_ledger.key_text(key) }} end) as example
    from latest
),

usual as (
    select
        {{ ml_ledger.share_of(
            "max(case when statistic = 'missing' then value end)", "max(case when statistic = 'rows' then value end)"
        ) }} as share
    from reference_statistics
    where feature = {{ ml_ledger.text_literal(feature) }}
),

described as (
    select
        observed.example,
        observed.total,
        observed.total - observed.present as affected,
        {{ ml_ledger.share_text('observed.total - observed.present', 'observed.total') }} as found,
        {{ ml_ledger.short_number('usual.share') }} as usual_share,
        greatest({{ limits.missing }}, {{ limits.times }} * usual.share) as limit_share,
        {{ ml_ledger.short_number(
            'greatest(' ~ limits.missing ~ ', ' ~ limits.times ~ ' * usual.share)'
        ) }} as allowed_share
    from observed
    cross join usual
    where usual.share is not null
)

select
    {{ ml_ledger.finding(
        feature, 'found', 'allowed_share', 'affected', 'example',
        ml_ledger.sentence(
            ml_ledger.said(feature) ~ ' has no value in {affected} of {total} rows of the latest as-of date, a share'
                ~ ' of {found}; in training it '
            ~ 'was {usual_share}, and at most {allowed_share} may be, for example {example}. Fix: correct the source or'
            ~ ' the join '
            ~ 'that lost it; if it stays so, raise missing and train again.'
        )
    ) }}
from described
where affected > limit_share * total
{%- endmacro %}

{% macro range_against_training(feature, key, limits) -%}
{%- set column = ml_ledger.quoted(feature) -%}
{%- set text = dbt.type_string() -%}
with

usual as (
    select
        max(case when statistic = 'minimum' then value end) as lowest,
        max(case when statistic = 'maximum' then value end) as highest
    from reference_statistics
    where feature = {{ ml_ledger.text_literal(feature) }}
),

outside as (
    select
        usual.lowest,
        usual.highest,
        latest.{{ column }} as outlier,
        {{ ml_ledger.key_text(key, 'latest') }} as row_key
    from latest
    cross join usual
    where latest.{{ column }} < usual.lowest or latest.{{ column }} > usual.highest
),

described as (
    select
        count(*) as affected,
        min(row_key) as example,
        cast(min(lowest) as {{ text }}) || ' to ' || cast(min(highest) as {{ text }}) as usual_range,
        cast(min(outlier) as {{ text }}) || ' to ' || cast(max(outlier) as {{ text }}) as found,
        (select count(*) from latest) as total
    from outside
)

select
    {{ ml_ledger.finding(
        feature, 'found', 'usual_range', 'affected', 'example',
        ml_ledger.sentence(
            ml_ledger.said(feature) ~ ' is beyond what training saw in {affected} of {total} rows of the latest'
                ~ ' as-of date: training had '
            ~ '{usual_range}, these rows {found}, for example {example} (a share of ' ~ limits.out_of_range
            ~ ' may be). The '
            ~ 'version guesses there. Fix: look for a changed unit; if the values are right, train again on rows'
            ~ ' that have '
            ~ 'them, or leave the feature out of this test.'
        )
    ) }}
from described
where affected > {{ limits.out_of_range }} * total
{%- endmacro %}

{% macro defaults_against_training(feature, key, limits) -%}
{%- set column = ml_ledger.quoted(feature) -%}
with

suspects as (
    {%- for value in [0, -1, -9, -99, -999, -9999, 999, 9999, 99999, 999999] %}
    select cast({{ ml_ledger.literal(value) }} as {{ ml_ledger.type_double() }}) as suspect
    {%- if not loop.last %} union all {% endif %}
    {%- endfor %}
),

usual as (
    select
        suspects.suspect,
        {{ ml_ledger.share_of(
            "coalesce(max(case when statistic = 'default_value' and lower_bound = suspects.suspect then value end), 0)",
            "max(case when statistic = 'rows' then value end)"
        ) }} as share
    from suspects
    cross join reference_statistics
    where feature = {{ ml_ledger.text_literal(feature) }}
    group by suspects.suspect
),

spikes as (
    select
        usual.suspect,
        usual.share,
        count(*) as affected,
        min({{ ml_ledger.key_text(key, 'latest') }}) as example,
        (select count(*) from latest) as total
    from latest
    inner join usual
        on latest.{{ column }} = usual.suspect
    group by usual.suspect, usual.share
),

described as (
    select
        affected,
        example,
        total,
        share,
        cast(cast(suspect as {{ dbt.type_bigint() }}) as {{ dbt.type_string() }}) as suspect,
        {{ ml_ledger.share_text('affected', 'total') }} as found,
        {{ ml_ledger.short_number('share') }} as usual_share,
        greatest({{ limits.default_share }}, 3 * share) as limit_share,
        {{ ml_ledger.short_number('greatest(' ~ limits.default_share ~ ', 3 * share)') }} as allowed_share
    from spikes
)

select
    {{ ml_ledger.finding(
        feature, 'suspect', 'allowed_share', 'affected', 'example',
        ml_ledger.sentence(
            ml_ledger.said(feature) ~ ' is {suspect} in {affected} of {total} rows of the latest as-of date, a share'
                ~ ' of {found}; in training it '
            ~ 'was {usual_share}, and at most {allowed_share} may be. It looks like a placeholder for a'
            ~ ' missing value, '
            ~ 'for example in {example}. Fix: turn it into NULL in staging, or, if it is real, raise default_share.'
        )
    ) }}
from described
where affected > limit_share * total
{%- endmacro %}

{#
    All findings about one feature.
    Arguments: as above; number, of the feature in the test; kind, of the feature as declared.
    Returns: SQL.
#}
{% macro feature_against_training(feature, number, kind, key, limits) -%}
select * from (
    {{ ml_ledger.missing_against_training(feature, key, limits) | indent(4) }}
) as missing_{{ number }}
{%- if kind == 'numeric' %}

union all

select * from (
    {{ ml_ledger.range_against_training(feature, key, limits) | indent(4) }}
) as range_{{ number }}

union all

select * from (
    {{ ml_ledger.defaults_against_training(feature, key, limits) | indent(4) }}
) as defaults_{{ number }}
{%- elif kind in ['categorical', 'boolean'] %}
{%- set known -%}
select
    level as level_text,
    value / sum(value) over () as share
from reference_statistics
where feature = {{ ml_ledger.text_literal(feature) }} and statistic in ('level', 'other_levels')
{%- endset %}

union all

select * from (
    {{ ml_ledger.level_findings(
        'latest', ml_ledger.quoted(feature), known, limits.new_levels, limits.expected_rows, key, name=feature
    ) | indent(4) }}
) as levels_{{ number }}
where exists (select 1 from reference_statistics)
{%- endif %}
{%- endmacro %}
