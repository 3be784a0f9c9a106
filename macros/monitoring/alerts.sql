{#
    The alerts of an ML model: a check of every rule (`alert_rules`) at the clock, appended. A check is one row with the
    event 'checked' and one with the event 'found' per finding; there is one per clock, and another at the same clock
    where what is found has changed. `ml_alert_log` makes of them alerts that open and close. Operations
    (ml_acknowledge) append to the same node.

    Rules look at live versions, and at their latest period. What a relation is not given for is not looked at.

    Arguments: ml_model, its name; predictions, versions, deployments, relations of its nodes; labels, the relation that
    its outcomes node reads; performance and drift, relations of its nodes; budgets, the relation ml_budgets; each of
    these four none where there is none.
    Returns: SQL, and configures the dbt model: incremental, append, full_refresh false.
    Example: see models/repurchase/scoring/repurchase_alerts.sql
#}
{% macro alerts(
    ml_model,
    predictions=none,
    versions=none,
    deployments=none,
    labels=none,
    performance=none,
    drift=none,
    budgets=none
) %}
{%- do ml_ledger.appended() -%}
{%- set predictions = ml_ledger.own_node(predictions, ml_model, 'predictions') -%}
{%- set versions = ml_ledger.own_node(versions, ml_model, 'versions') -%}
{%- set deployments = ml_ledger.own_node(deployments, ml_model, 'deployments') -%}
{%- set spec = ml_ledger.ml_model_spec(ml_model) -%}
{%- if spec.relations is not none -%}
    {%- set labels = ml_ledger.declared_relation(labels, ml_model, 'labels') -%}
    {%- set watched = ml_ledger.measuring_nodes(ml_model, spec) -%}
    {%- set performance = performance or watched.performance -%}
    {%- set drift = drift or watched.drift -%}
    {%- set budgets = budgets or watched.budgets -%}
{%- endif -%}
{%- if execute -%}
{{ ml_ledger.alerts_query(ml_model, {
    'predictions': predictions, 'versions': versions, 'deployments': deployments, 'labels': labels,
    'performance': performance, 'drift': drift, 'budgets': budgets,
}) }}
{%- endif -%}
{% endmacro %}

{#
    The rows that `alerts` appends.
    Arguments: ml_model, its name; relations, mapping of what `alerts` takes to the relation, or none.
    Returns: SQL.
#}
{% macro alerts_query(ml_model, relations) %}
{%- set so_far = ml_ledger.rows_so_far() if is_incremental() else none -%}
{%- set text, whole = dbt.type_string(), dbt.type_bigint() -%}
{%- set rules = ml_ledger.alert_rules(ml_model, relations) -%}
{%- set settings = ml_ledger.alert_settings(ml_model) -%}
with

live as (
    select
        slot,
        version,
        valid_from
    from (
        {{ ml_ledger.deployment_intervals(relations.deployments) | indent(8) }}
    ) as deployed
    where {{ ml_ledger.is_live_at(ml_ledger.clock()) }}
),

{% if relations.performance is not none -%}
latest_performance as (
    {{ ml_ledger.latest_performance(relations.performance, settings) | indent(4) }}
),

{% endif -%}
{% if relations.drift is not none -%}
latest_drift as (
    {{ ml_ledger.latest_drift(relations.drift, settings) | indent(4) }}
),

{% endif -%}
{% for rule, sql in rules.items() -%}
{{ rule }} as (
    {{ sql | indent(4) }}
),

{% endfor -%}
of_rules as (
    {%- for rule in rules %}
    select
        '{{ rule }}' as rule,
        {{ rule }}.*
    from {{ rule }}
    {{- '\n\n    union all\n' if not loop.last }}
    {%- endfor %}
),

{{ ml_ledger.alert_findings(ml_model) }},

found as (
    select
        *,
        {{ ml_ledger.alert_expected_because(ml_model) | indent(8) }} as expected_because
    from findings
),

{{ ml_ledger.this_alert_check(so_far) }}

{{ ml_ledger.rows_of_alert_check() }}

select
    '{{ ml_model }}' as ml_model,
    cast(this_check.check_number as {{ whole }}) as check_number,
    {{ ml_ledger.clock() }} as checked_at,
    rows_of_check.*,
    {{ ml_ledger.actor() }} as actor,
    cast(null as {{ text }}) as reason,
    {{ ml_ledger.wall_clock() }} as recorded_at,
    '{{ invocation_id }}' as invocation_id
from rows_of_check
cross join this_check
{% endmacro %}

{#
    A common table expression `this_check` with the number of the check that is made; without a row where there is one
    at the clock already and `found` is the same, or a later one.
    Arguments: so_far, relation with the checks before, or none.
    Returns: SQL, which may begin with others.
#}
{% macro this_alert_check(so_far) -%}
{% if so_far is not none -%}
last_check as (
    select
        check_number,
        checked_at
    from {{ so_far }}
    where event = 'checked'
    order by check_number desc
    limit 1
),

found_before as (
    select
        before.alert_id,
        before.severity,
        before.expected_because
    from {{ so_far }} as before
    inner join last_check on before.check_number = last_check.check_number
    where before.event = 'found'
),

changed as (
    select count(*) as changes
    from found
    full outer join found_before
        on
            found.alert_id = found_before.alert_id
            and found.severity = found_before.severity
            and coalesce(found.expected_because, '') = coalesce(found_before.expected_because, '')
    where found.alert_id is null or found_before.alert_id is null
),

this_check as (
    select last_check.check_number + 1 as check_number
    from last_check
    cross join changed
    where
        last_check.checked_at < {{ ml_ledger.clock() }}
        or (last_check.checked_at = {{ ml_ledger.clock() }} and changed.changes > 0)
),
{%- else -%}
this_check as (
    select cast(1 as {{ dbt.type_bigint() }}) as check_number
),
{%- endif %}
{%- endmacro %}

{#
    The columns that say what was found.
    Returns: mapping of column to SQL type.
#}
{% macro alert_columns() %}
    {% set text = dbt.type_string() %}
    {% do return({
        'alert_id': text,
        'rule': text,
        'severity': text,
        'version': dbt.type_bigint(),
        'slot': text,
        'feature': text,
        'slice': text,
        'metric': text,
        'period_start': dbt.type_timestamp(),
        'value': ml_ledger.type_double(),
        'threshold': ml_ledger.type_double(),
        'message': text,
    }) %}
{% endmacro %}

{#
    Why a finding is expected, as the declaration says (`monitoring.alerts.expected`); NULL where it does not.
    Arguments: ml_model, its name.
    Returns: SQL, an expression over the columns of `alert_columns`.
#}
{% macro alert_expected_because(ml_model) -%}
case
    {%- for item in ml_ledger.alert_settings(ml_model).expected %}
    when
        rule = {{ ml_ledger.text_literal(item.rule) }}
        {%- for column in ['feature', 'slice', 'slot', 'metric'] if item.get(column) %}
        and {{ column }} = {{ ml_ledger.text_literal(item[column]) }}
        {%- endfor %}
        then {{ ml_ledger.text_literal(item.because) }}
    {%- endfor %}
    when 1 = 0 then cast(null as {{ dbt.type_string() }})
end
{%- endmacro %}

{#
    A common table expression `findings`: what rules found, `of_rules`, with the id of the alert.
    Arguments: ml_model, its name.
    Returns: SQL.
#}
{% macro alert_findings(ml_model) -%}
{%- set text = dbt.type_string() -%}
findings as (
    select
        '{{ ml_model }}/' || rule
        || coalesce('/version ' || cast(version as {{ text }}), '')
        || coalesce('/' || slot, '')
        || coalesce('/' || feature, '')
        || coalesce('/' || slice, '')
        || coalesce('/' || metric, '') as alert_id,
        rule,
        case when slot = 'shadow' then 'info' else severity end as severity,  -- it decides nothing
        version,
        slot,
        feature,
        slice,
        metric,
        period_start,
        cast(value as {{ ml_ledger.type_double() }}) as value,
        cast(threshold as {{ ml_ledger.type_double() }}) as threshold,
        message
    from of_rules
)
{%- endmacro %}

{#
    A common table expression `rows_of_check`: the findings, and the row of the check itself.
    Returns: SQL.
#}
{% macro rows_of_alert_check() -%}
{%- set text = dbt.type_string() -%}
rows_of_check as (
    select
        'found' as event,
        found.*
    from found

    union all

    select
        'checked' as event,
        {%- for column, type in ml_ledger.alert_columns().items() %}
        cast(null as {{ type }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %},
        cast(null as {{ text }}) as expected_because
)
{%- endmacro %}
