{#
    The gate of an ML model: one row per version that has no verdict yet, appended. The first version that passes its
    checks becomes champion; a later one must also not be worse than the champion on the same rows. Where several
    versions wait for a verdict, only the newest can be deployed.

    Arguments: ml_model, its name; versions, the relation of its versions node.
    Returns: SQL. For an incremental dbt model with the strategy append and full_refresh false.
    Example: {{ ml_ledger.deployments('repurchase', ref('repurchase_versions')) }}
#}
{% macro deployments(ml_model, versions) %}
{%- set double = ml_ledger.type_double() -%}
with

without_verdict as (
    select
        version,
        spec,
        metrics
    from {{ versions }} as versions
    where
        trained_at <= {{ ml_ledger.clock() }}
        {%- if is_incremental() %}
        and not exists (
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
            row_number() over (order by valid_from desc, recorded_at desc, version desc) as _ml_age
        from {{ ml_ledger.rows_so_far() }} as verdicts
        where verdict = 'deployed' and slot = 'champion' and valid_from <= {{ ml_ledger.clock() }}
    ) as ranked
    where ranked._ml_age = 1
),

{% endif -%}
{{ ml_ledger.gate_checks(with_champion=is_incremental()) }},

judged as (
    select
        version,
        min(case when passed then 1 else 0 end) = 1 as passed,
        row_number() over (order by version desc) = 1 as is_newest,
        {{ ml_ledger.json_array_of_rows({
            'check_name': 'check_name', 'value': 'value', 'threshold': 'threshold', 'passed': 'passed',
        }, order_by='check_name') }} as checks
    from checks
    group by version
),

verdicts as (
    select
        {{ dbt.hash("'" ~ ml_model ~ "|champion|' || cast(version as " ~ dbt.type_string() ~ ")") }} as deployment_id,
        '{{ ml_model }}' as ml_model,
        version,
        case when passed and is_newest then 'deployed' else 'refused' end as verdict,
        'champion' as slot,
        cast(case when passed and is_newest then 1 else 0 end as {{ double }}) as share,
        {{ ml_ledger.clock() }} as valid_from,
        {{ ml_ledger.actor() }} as actor,
        case
            when passed and is_newest then 'passed every check of the gate'
            when passed then 'a newer version waited for its verdict, too'
            else 'failed the gate'
        end as reason,
        checks,
        {{ ml_ledger.wall_clock() }} as recorded_at,
        '{{ invocation_id }}' as invocation_id
    from judged
)

select * from verdicts
{% endmacro %}
