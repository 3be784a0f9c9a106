{#
    Rule no_champion: there are versions, and none decides. docs/alerts/no_champion.md
    Arguments: versions, relation.
    Returns: SQL, as `alert_rules` says.
#}
{% macro alert_no_champion(versions) -%}
select
    'warn' as severity,
    {{ ml_ledger.alert_subject() }},
    count(*) as value,
    cast(null as {{ ml_ledger.type_double() }}) as threshold,
    'no version decides: every decision is the fallback. Versions so far: '
    || cast(count(*) as {{ dbt.type_string() }}) as message
from {{ versions }}
where not exists (select 1 from live where slot = 'champion')
having count(*) > 0
{%- endmacro %}
