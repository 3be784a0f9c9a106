{#
    Common table expressions with the checks of the gate on the direction in which a number moves the score: of the
    slopes of a feature, or of the steps from one bin to the next, the one that goes furthest against `gate.signs` must
    not go against it at all. What a NULL counts as has no direction. A feature without a coefficient fails.

    Needs the expression `without_verdict`.
    Returns: SQL, ending in the expression `sign_checks`.
    Example: {{ ml_ledger.gate_signs() }}
#}
{% macro gate_signs() -%}
{%- set double = ml_ledger.type_double() -%}
signs as (
    {{ ml_ledger.unnest_json_object(
        'without_verdict', ml_ledger.json_path('spec', ['gate', 'signs']), ['version'], key='feature', value='direction'
    ) | indent(4) }}
),

coefficient_rows as (
    {{ ml_ledger.unnest_json('without_verdict', 'coefficients', ['version'], {
        'output': 'varchar', 'term': 'bigint', 'feature': 'varchar', 'other_feature': 'varchar',
        'applies_to': 'varchar', 'lower': 'double', 'slope': 'double', 'value': 'double',
    }) | indent(4) }}
),

in_order as (
    select
        version,
        feature,
        slope,
        coalesce(value, 0) as value,
        lag(slope) over (
            partition by version, output, term order by case when lower is null then 0 else 1 end, lower
        ) as slope_before,
        lag(coalesce(value, 0)) over (
            partition by version, output, term order by case when lower is null then 0 else 1 end, lower
        ) as value_before
    from coefficient_rows
    where applies_to = 'value' and other_feature is null
),

-- Beside a slope, a row without one is where values are clipped: the effect goes on from where the slope ends.
effects as (
    select
        version,
        feature,
        case when slope is null and slope_before is null then value - value_before else slope end as effect
    from in_order
),

worst_effects as (
    select
        signs.version,
        signs.feature,
        signs.direction,
        case
            when count(effects.version) = 0 then null
            when signs.direction = 'positive' then coalesce(min(effects.effect), 0)
            else coalesce(max(effects.effect), 0)
        end as effect
    from signs
    left join effects
        on
            signs.version = effects.version
            and signs.feature = effects.feature
    group by signs.version, signs.feature, signs.direction
),

sign_checks as (
    select
        version,
        'sign of ' || feature as check_name,
        effect as value,
        cast(0 as {{ double }}) as threshold,
        coalesce(case when direction = 'positive' then effect >= 0 else effect <= 0 end, false) as passed
    from worst_effects
)
{%- endmacro %}
