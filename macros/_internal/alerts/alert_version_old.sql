{#
    Rule version_old: the champion was trained longer ago than `monitoring.alerts.version_days`, by default twice
    `training.retrain_after_days`. docs/alerts/version_old.md
    Arguments: versions, relation; settings, as `alert_settings` returns them.
    Returns: SQL, as `alert_rules` says.
#}
{% macro alert_version_old(versions, settings) -%}
{%- set age = ml_ledger.days_between('versions.trained_at', ml_ledger.clock()) -%}
select
    'warn' as severity,
    {{ ml_ledger.alert_subject(version='versions.version', slot="'champion'") }},
    {{ age }} as value,
    {{ settings.version_days }} as threshold,
    'the champion, version ' || cast(versions.version as {{ dbt.type_string() }}) || ', was trained on '
    || cast(cast(versions.trained_at as date) as {{ dbt.type_string() }}) || ', '
    || cast({{ age }} as {{ dbt.type_string() }}) || ' days ago' as message
from {{ versions }} as versions
inner join live
    on
        versions.version = live.version
        and live.slot = 'champion'
where {{ age }} > {{ settings.version_days }}
{%- endmacro %}
