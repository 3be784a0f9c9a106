-- What changed between a version and the one before: its coefficients, and how the scores of past decisions move, by
-- tenth of the score before, or by quarter of a numeric feature?
-- dbt show --limit 100 --select audit_5_what_changed --vars '{version: 3, slice_by: recency_days}'
{% set ml_model, slice_by = ml_ledger.asked_ml_model(), var('slice_by', none) %}
{% set version = ml_ledger.asked_version(ml_model, ref('ml_versions')) %}
{% set text, double = dbt.type_string(), ml_ledger.type_double() %}
{% if slice_by is none %}
    {% set slice_value = 'case when version = ' ~ (version - 1) ~ ' then score end' %}
{% else %}
    {% set slice_value =
        'cast(' ~ ml_ledger.json_value('features', ml_ledger.text_literal(slice_by)) ~ ' as ' ~ double ~ ')' %}
{% endif %}
with

coefficients as (
    select
        version,
        output,
        coalesce(feature, '(intercept)') || coalesce(' × ' || other_feature, '') as feature,
        applies_to
        || coalesce(' ' || level, '')
        || coalesce(' of ' || transform, '')
        || coalesce(' from ' || cast(lower_bound as {{ text }}), '')
        || coalesce(' below ' || cast(upper_bound as {{ text }}), '')
        || coalesce(' and ' || other_applies_to, '')
        || coalesce(' ' || other_level, '')
        || coalesce(' from ' || cast(other_lower_bound as {{ text }}), '')
        || coalesce(' below ' || cast(other_upper_bound as {{ text }}), '') as applies_to,
        slope,
        coalesce(value, case when slope is null then 0 end) as value  -- noqa: RF04
    from {{ ref('ml_coefficients') }}
    where ml_model = '{{ ml_model }}'
),

-- A slope and a value of one row are two numbers.
numbers as (
    select
        version,
        output,
        feature,
        applies_to || ': slope' as applies_to,
        slope as number
    from coefficients
    where slope is not null

    union all

    select
        version,
        output,
        feature,
        applies_to || ': value' as applies_to,
        value as number
    from coefficients
    where value is not null
),

earlier_numbers as (
    select *
    from numbers
    where version = {{ version }} - 1
),

later_numbers as (
    select *
    from numbers
    where version = {{ version }}
),

coefficient_changes as (
    select
        coalesce(later.output, earlier.output) as output,
        coalesce(later.feature, earlier.feature) as feature,
        coalesce(later.applies_to, earlier.applies_to) as applies_to,
        earlier.number as earlier,
        later.number as later,
        case
            when earlier.number is null then 'new'
            when later.number is null then 'gone'
            when sign(earlier.number) * sign(later.number) = -1 then 'the sign flips'
        end as remark
    from earlier_numbers as earlier
    full outer join later_numbers as later
        on
            earlier.output = later.output
            and earlier.feature = later.feature
            and earlier.applies_to = later.applies_to
),

under_versions as (
    {{
        ml_ledger.decisions_under_versions(
            ml_model=ml_model,
            versions=ref('ml_versions'),
            predictions=ref('ml_predictions'),
            numbers=[version - 1, version],
        ) | indent(4)
    }}
),

both_scores as (
    select
        decision_id,
        max({{ slice_value }}) as slice_by,
        max(case when version = {{ version }} - 1 then score end) as earlier,
        max(case when version = {{ version }} then score end) as later,
        max(case when version = {{ version }} - 1 then decision end) as earlier_decision,
        max(case when version = {{ version }} then decision end) as later_decision
    from under_versions
    group by decision_id
),

sliced as (
    select
        *,
        ntile({{ 10 if slice_by is none else 4 }}) over (order by slice_by, decision_id) as slice_number
    from both_scores
    where earlier is not null and later is not null and slice_by is not null
),

score_changes as (
    select
        slice_number,
        '{{ 'score before' if slice_by is none else slice_by }} ' || cast(min(slice_by) as {{ text }}) || ' to '
        || cast(max(slice_by) as {{ text }}) as slice,
        avg(earlier) as earlier,
        avg(later) as later,
        cast(count(case when earlier_decision <> later_decision then 1 end) as {{ text }})
        || ' of ' || cast(count(*) as {{ text }}) || ' decisions differ' as remark
    from sliced
    group by slice_number
)

select
    'coefficient' as kind,
    output,
    feature as what,
    applies_to,
    earlier,
    later,
    later - earlier as difference,
    remark
from coefficient_changes

union all

select
    'mean score' as kind,
    cast(null as {{ text }}) as output,
    'slice ' || case when slice_number < 10 then '0' else '' end || cast(slice_number as {{ text }}) as what,
    slice as applies_to,
    earlier,
    later,
    later - earlier as difference,
    remark
from score_changes
order by kind, output, what, applies_to
