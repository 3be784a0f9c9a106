{#
    Rule training_failed: the last attempt to train a version failed, and none was trained since.
    docs/alerts/training_failed.md
    Arguments: versions, relation.
    Returns: SQL, as `alert_rules` says.
#}
{% macro alert_training_failed(versions) -%}
select
    case
        when exists (select 1 from live where slot = 'champion') and not attempts.stops_scoring then 'warn'
        else 'error'
    end as severity,
    {{ ml_ledger.alert_subject() }},
    cast(null as {{ ml_ledger.type_double() }}) as value,
    cast(null as {{ ml_ledger.type_double() }}) as threshold,
    replace(attempts.kind, '_', ' ') || ': ' || attempts.message as message
from (
    select
        known.*,
        row_number() over (order by known.recorded_at desc) as age
    from (
        {{ ml_ledger.attempts(versions) | indent(8) }}
    ) as known
    where coalesce(known.attempted_at <= {{ ml_ledger.clock() }}, true)
) as attempts
where
    attempts.age = 1
    and attempts.kind <> 'settled'
    and not exists (select 1 from {{ versions }} as versions where versions.recorded_at > attempts.recorded_at)
{%- endmacro %}
