{#
    The gate of an ML model: one event per version that has no verdict yet, appended. The first version that passes its
    checks becomes champion, or, with `deployment.policy: approval`, waits for approval by someone other than the
    person who trained it; a later one must also not be worse than the champion on the same rows. A version that is too
    good to be true waits under any policy, and its event says what is asked. Where several versions wait for a
    verdict, only the newest can be deployed. Operations (ml_promote, ml_rollback, ...) append to the same node.

    Arguments: ml_model, its name; versions, the relation of its versions node.
    Returns: SQL, and configures the dbt model: incremental, append, full_refresh false.
    Example: {{ ml_ledger.deployments('repurchase', ref('repurchase_versions')) }}
#}
{% macro deployments(ml_model, versions=none) %}
{%- do ml_ledger.appended() -%}
{%- set versions = ml_ledger.own_node(versions, ml_model, 'versions') -%}
{%- if execute -%}
{{ ml_ledger.deployments_query(ml_model, versions) }}
{%- endif -%}
{% endmacro %}

{#
    The events that `deployments` appends.
    Arguments: as of `deployments`.
    Returns: SQL.
#}
{% macro deployments_query(ml_model, versions) %}
{%- set so_far = ml_ledger.rows_so_far() if is_incremental() else none -%}
with recursive

{{ ml_ledger.chain_head('event_number', so_far) }},

without_verdict as (
    select
        version,
        spec,
        coefficients,
        metrics
    from {{ versions }} as versions
    where
        trained_at <= {{ ml_ledger.clock() }}
        {%- if so_far is not none %}
        and not exists (
            select 1
            from {{ so_far }} as verdicts
            where verdicts.version = versions.version and verdicts.operation = 'gate'
        )
        {%- endif %}
),

{% if so_far is not none -%}
deployed as (
    {{ ml_ledger.deployment_intervals(so_far) | indent(4) }}
),

champion as (
    select version
    from deployed
    where
        slot = 'champion'
        and {{ ml_ledger.is_live_at(ml_ledger.clock()) }}
),

{% endif -%}
{{ ml_ledger.gate_checks(with_champion=so_far is not none) }},

asked_of_people as (
    select
        version,
        {{ dbt.listagg('question', "' '", 'order by check_name') }} as questions,
        {{ ml_ledger.json_array_of_rows(
            {'check_name': 'check_name', 'question': 'question'}, order_by='check_name'
        ) }} as details
    from checks
    where question is not null
    group by version
),

judged as (
    select
        version,
        min(case when passed or question is not null then 1 else 0 end) = 1 as passed,
        row_number() over (order by version desc) = 1 as is_newest,
        row_number() over (order by version) as place,
        {{ ml_ledger.json_array_of_rows({
            'check_name': 'check_name', 'value': 'value', 'threshold': 'threshold', 'passed': 'passed',
        }, order_by='check_name') }} as checks
    from checks
    group by version
),

{{ ml_ledger.gate_verdicts(ml_model) }},

{{ ml_ledger.chained('verdicts', ml_ledger.deployment_columns(), 'event_number', so_far) }}

select * from chained
{% endmacro %}

{#
    A common table expression `verdicts`: the event of each version over `judged`, `asked_of_people` and `head`.
    Arguments: ml_model, its name.
    Returns: SQL.
#}
{% macro gate_verdicts(ml_model) -%}
{%- set text, whole, double = dbt.type_string(), dbt.type_bigint(), ml_ledger.type_double() -%}
{%- set passing = 'awaiting_approval' if ml_ledger.deployment_policy(ml_model) == 'approval' else 'deployed' -%}
verdicts as (
    select
        '{{ ml_model }}-' || cast(head.last_number + judged.place as {{ text }}) as deployment_id,
        '{{ ml_model }}' as ml_model,
        cast(head.last_number + judged.place as {{ whole }}) as event_number,
        case
            when not (judged.passed and judged.is_newest) then 'refused'
            when asked_of_people.version is not null then 'awaiting_approval'
            else '{{ passing }}'
        end as event,
        'gate' as operation,
        cast(judged.version as {{ whole }}) as version,
        'champion' as slot,
        cast(case when judged.passed and judged.is_newest then 1 else 0 end as {{ double }}) as share,
        {{ ml_ledger.clock() }} as valid_from,
        {{ ml_ledger.actor() }} as actor,
        case
            when judged.passed and judged.is_newest and asked_of_people.version is not null
                then '{{ ml_ledger.waits_for_answer() }}' || asked_of_people.questions
            when judged.passed and judged.is_newest then 'passed every check of the gate'
            when judged.passed then 'superseded by a newer version in the same run'
            else 'failed the gate'
        end as reason,
        judged.checks,
        '[{"policy":"{{ ml_ledger.deployment_policy(ml_model) }}"}'
        || coalesce(',' || substr(asked_of_people.details, 2), ']') as details,
        {{ ml_ledger.wall_clock() }} as recorded_at,
        '{{ invocation_id }}' as invocation_id
    from judged
    cross join head
    left join asked_of_people
        on judged.version = asked_of_people.version
)
{%- endmacro %}
