{#
    Realised metrics of live versions over their latest period in which 95 % of the decisions have a label: those whose
    labels mature first are not like the others. Rules read it as `latest_performance`.
    Arguments: performance, relation; settings, as `alert_settings` returns them.
    Returns: SQL, a select of the columns of performance.
#}
{% macro latest_performance(performance, settings) -%}
select *
from (
    select
        measured.*,
        max(measured.period_start) over (partition by measured.version, measured.slot) as last_period_start
    from {{ performance }} as measured
    inner join live
        on
            measured.version = live.version
            and measured.slot = live.slot
    where
        measured.kind = 'realised'
        and measured.period = {{ ml_ledger.text_literal(settings.period) }}
        and measured.matured >= 0.95 * measured.decisions
) as complete
where period_start = last_period_start
{%- endmacro %}
