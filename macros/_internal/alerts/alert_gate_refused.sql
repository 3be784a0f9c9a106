{#
    Rule gate_refused: the gate refused the newest version, and nobody deployed it since. docs/alerts/gate_refused.md
    Arguments: versions, deployments, relations.
    Returns: SQL, as `alert_rules` says.
#}
{% macro alert_gate_refused(versions, deployments) -%}
select
    'warn' as severity,
    {{ ml_ledger.alert_subject(version='checks.version') }},
    count(*) as value,
    0 as threshold,
    'the gate refused version ' || cast(checks.version as {{ dbt.type_string() }})
    || ': it fails ' || {{
        dbt.listagg("'\"' || checks.check_name || '\"'", "', '", 'order by checks.check_name')
    }} as message
from (
    {{ ml_ledger.unnest_json(
        '(select version, checks from ' ~ deployments ~ " where operation = 'gate' and event = 'refused')",
        'checks', ['version'], {'check_name': 'varchar', 'passed': 'boolean'}
    ) | indent(4) }}
) as checks
where
    not coalesce(checks.passed, false)
    and checks.version = (select max(version) from {{ versions }} where trained_at <= {{ ml_ledger.clock() }})
    and not exists (select 1 from live where live.version = checks.version)
group by checks.version
{%- endmacro %}
