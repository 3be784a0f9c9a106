{#
    Rule no_reference: a live version has no reference statistics, so that nothing can be compared with what it was
    trained on. docs/alerts/no_reference.md
    Arguments: versions, relation.
    Returns: SQL, as `alert_rules` says.
#}
{% macro alert_no_reference(versions) -%}
select
    'warn' as severity,
    {{ ml_ledger.alert_subject(version='versions.version', slot='live.slot') }},
    cast(null as {{ ml_ledger.type_double() }}) as value,
    cast(null as {{ ml_ledger.type_double() }}) as threshold,
    'version ' || cast(versions.version as {{ dbt.type_string() }})
    || ' was trained by a release that kept no reference statistics: its drift is not watched' as message
from {{ versions }} as versions
inner join live on versions.version = live.version
where coalesce(versions.reference, '[]') = '[]'
{%- endmacro %}
