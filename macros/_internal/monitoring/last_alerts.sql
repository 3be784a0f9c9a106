{#
    The alerts that were open when the last run ended, if that was at an earlier clock: a build that is repeated finds
    what it found the first time, and trains nothing because of itself. No rows before the first run.
    Arguments: alerts, the relation ml_alerts as the last run left it.
    Returns: SQL, a select.
    Example: {{ ml_ledger.last_alerts(source('ml_ledger_last_run', 'ml_alerts')) }}
#}
{% macro last_alerts(alerts) -%}
{%- set text, moment = dbt.type_string(), dbt.type_timestamp() -%}
{%- set is_built = execute and load_relation(alerts) is not none -%}
select
    {%- for column, type in {
        'ml_model': text, 'alert_id': text, 'rule': text, 'severity': text, 'version': dbt.type_bigint(), 'slot': text,
        'message': text,
        'first_seen': moment, 'last_seen': moment, 'acknowledged_by': text,
    }.items() %}
    cast({{ column if is_built else 'null' }} as {{ type }}) as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
{% if is_built -%}
from {{ alerts }}
where last_seen < {{ ml_ledger.clock() }}
{%- else -%}
where 1 = 0
{%- endif %}
{%- endmacro %}
