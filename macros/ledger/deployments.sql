{#
    The gate of an ML model: one row per version that has no verdict yet, appended. The first version that beats every
    baseline becomes champion; a later one must also not be worse than the champion on the same rows.

    Each check compares the lower end of a 95 % interval of the log loss that the version saves, row by row, with
    what the declaration asks (`gate.baseline_hurdle`, `gate.champion_margin`).

    Arguments: ml_model, its name; versions, the relation of its versions node.
    Returns: SQL. For an incremental dbt model with the strategy append and full_refresh false.
    Example: {{ ml_ledger.deployments('repurchase', ref('repurchase_versions')) }}
#}
{% macro deployments(ml_model, versions) %}
{%- set gate = ml_ledger.ml_model_spec(ml_model).get('gate') or {} -%}
{%- set double = ml_ledger.type_double() -%}
{%- set member_types = {
    'dataset': 'varchar', 'slice': 'varchar', 'scored_by': 'varchar', 'metric': 'varchar',
    'value': 'double', 'ci_low': 'double', 'ci_high': 'double',
} -%}
with

without_verdict as (
    select
        version,
        algorithm,
        metrics
    from {{ versions }} as versions
    {% if is_incremental() -%}
    where not exists (
        select 1
        from {{ ml_ledger.rows_so_far() }} as verdicts
        where verdicts.version = versions.version
    )
    {%- endif %}
),

{% if is_incremental() -%}
champion as (
    select ranked.version
    from (
        select
            version,
            row_number() over (order by valid_from desc, version desc) as _ml_age
        from {{ ml_ledger.rows_so_far() }} as verdicts
        where verdict = 'deployed' and slot = 'champion'
    ) as ranked
    where ranked._ml_age = 1
),

{% endif -%}
metrics as (
    {{ ml_ledger.unnest_json('without_verdict', 'metrics', ['version'], member_types) }}
),

savings as (
    select
        version,
        scored_by,
        value,
        ci_low
    from metrics
    where dataset = 'holdout' and slice = 'all' and metric = 'log_loss_reduction'
),

checks as (
    select
        version,
        'beats ' || replace(scored_by, 'baseline:', 'baseline ') as check_name,
        ci_low as value,
        cast({{ gate.get('baseline_hurdle', 0) }} as {{ double }}) as threshold,
        coalesce(ci_low > {{ gate.get('baseline_hurdle', 0) }}, false) as passed
    from savings
    where scored_by like 'baseline:%'
    {%- if is_incremental() %}

    union all

    select
        without_verdict.version,
        'not worse than champion version ' || cast(champion.version as {{ dbt.type_string() }}) as check_name,
        savings.ci_low as value,
        cast(-{{ gate.get('champion_margin', 0) }} as {{ double }}) as threshold,
        coalesce(savings.ci_low >= -{{ gate.get('champion_margin', 0) }}, false) as passed
    from without_verdict
    cross join champion
    left join savings
        on
            without_verdict.version = savings.version
            and savings.scored_by = 'version:' || cast(champion.version as {{ dbt.type_string() }})
    {%- endif %}
),

verdicts as (
    select
        version,
        min(case when passed then 1 else 0 end) = 1 as passed,
        {{ ml_ledger.json_array_of_rows({
            'check_name': 'check_name', 'value': 'value', 'threshold': 'threshold', 'passed': 'passed',
        }, order_by='check_name') }} as checks
    from checks
    group by version
),

deployments as (
    select
        {{ dbt.hash("'" ~ ml_model ~ "|champion|' || cast(version as " ~ dbt.type_string() ~ ")") }} as deployment_id,
        '{{ ml_model }}' as ml_model,
        version,
        case when passed then 'deployed' else 'refused' end as verdict,
        'champion' as slot,
        cast(case when passed then 1 else 0 end as {{ double }}) as share,
        {{ ml_ledger.clock() }} as valid_from,
        {{ ml_ledger.actor() }} as actor,
        case when passed then 'passed every check of the gate' else 'failed the gate' end as reason,
        checks,
        {{ ml_ledger.wall_clock() }} as recorded_at,
        '{{ invocation_id }}' as invocation_id
    from verdicts
)

select * from deployments
{% endmacro %}
