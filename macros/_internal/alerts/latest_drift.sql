{#
    What was found about the drift of live versions, each part in its latest period that could be compared, with what
    all features together moved (`all_contributions`). Rules read it as `latest_drift`.
    Arguments: drift, relation; settings, as `alert_settings` returns them.
    Returns: SQL, a select of the columns of drift.
#}
{% macro latest_drift(drift, settings) -%}
select *
from (
    select
        compared.*,
        sum(case when compared.part = 'feature' then compared.contribution end) over (
            partition by compared.version, compared.slot, compared.period_start
        ) as all_contributions,
        max(compared.period_start) over (
            partition by compared.version, compared.slot, compared.part
        ) as last_period_start
    from {{ drift }} as compared
    inner join live
        on
            compared.version = live.version
            and compared.slot = live.slot
    where
        compared.period = {{ ml_ledger.text_literal(settings.period) }}
        and compared.status in ('ok', 'drifted')
) as of_live_versions
where period_start = last_period_start
{%- endmacro %}
