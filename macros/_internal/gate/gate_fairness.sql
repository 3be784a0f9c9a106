{#
    Common table expressions with the checks of the gate on how differently a version decides about groups of people, on
    the holdout: by declared limit and group, its rate against that of the reference group (`fairness.limits`, a ratio
    between the limit and 1 / the limit), and how far its mean score is from its base rate. A rate over fewer rows than
    `fairness.minimum_group` is not compared, which passes, and the name of the check says so. What could not be
    measured, or compared because there are too few rows of the reference group, fails.

    Needs the expressions `without_verdict` and `holdout_metrics`.
    Returns: SQL, ending in the expression `fairness_checks`.
    Example: {{ ml_ledger.gate_fairness() }}
#}
{% macro gate_fairness() -%}
{{ ml_ledger.fairness_limits_asked() }},

groups_of_people as (
    select
        asked_of_groups.*,
        measured_groups.slice
    from asked_of_groups
    left join holdout_metrics as measured_groups
        on
            asked_of_groups.version = measured_groups.version
            and measured_groups.metric = 'group_size'
            and measured_groups.scored_by = 'self'
            and substr(measured_groups.slice, 1, length(asked_of_groups.beginning)) = asked_of_groups.beginning
            and (not asked_of_groups.is_ratio or measured_groups.slice <> asked_of_groups.reference_slice)
),

compared_groups as (
    select
        groups_of_people.*,
        coalesce(rates.n, 0) < groups_of_people.minimum_group and groups_of_people.slice is not null as too_few,
        case
            when not groups_of_people.is_ratio then abs(compared.value)
            when compared.value > 1 then 1 / compared.value
            else compared.value
        end as value
    from groups_of_people
    left join holdout_metrics as rates
        on
            groups_of_people.version = rates.version
            and groups_of_people.slice = rates.slice
            and groups_of_people.rate = rates.metric
            and rates.scored_by = 'self'
    left join holdout_metrics as compared
        on
            groups_of_people.version = compared.version
            and groups_of_people.slice = compared.slice
            and groups_of_people.metric = compared.metric
            and compared.scored_by = 'self'
),

fairness_checks as (
    select
        version,
        'fairness ' || coalesce(slice, beginning || '?') || ': ' || replace(metric, '_', ' ')
        || case
            when too_few then ', too few rows'
            when value is null then ', not measured'
            else ''
        end as check_name,
        case when not too_few then value end as value,
        threshold,
        too_few or coalesce(case when is_ratio then value >= threshold else value <= threshold end, false) as passed
    from compared_groups
)
{%- endmacro %}

{#
    Common table expressions that end in `asked_of_groups`: the declared limits, by version and attribute.
    Returns: SQL.
#}
{% macro fairness_limits_asked() -%}
{%- set double = ml_ledger.type_double() -%}
fair_versions as (
    select
        version,
        {{ ml_ledger.json_path('spec', ['fairness', 'attributes']) }} as attributes,
        {{ ml_ledger.json_path('spec', ['fairness', 'limits']) }} as limits,
        cast(
            {{ ml_ledger.json_path('spec', ['fairness', 'minimum_group']) }} as {{ dbt.type_bigint() }}
        ) as minimum_group
    from without_verdict
),

protected as (
    {{ ml_ledger.unnest_json_object(
        'fair_versions', 'attributes', ['version', 'limits', 'minimum_group'], key='attribute', value='declared'
    ) | indent(4) }}
),

fairness_limits as (
    {{ ml_ledger.unnest_json_object(
        'protected', 'limits', ['version', 'attribute', 'declared', 'minimum_group'], key='metric', value='threshold'
    ) | indent(4) }}
),

-- What the limit is asked of, and the metric that says over how many rows it is.
asked_of_groups as (
    select
        version,
        metric,
        replace(metric, '_ratio', '') as rate,
        metric <> 'calibration_gap' as is_ratio,
        cast(threshold as {{ double }}) as threshold,
        minimum_group,
        attribute || ' = ' as beginning,
        attribute || ' = ' || {{ ml_ledger.json_path('declared', ['reference']) }} as reference_slice
    from fairness_limits
    where threshold is not null
)
{%- endmacro %}
