{#
    The columns that say what a finding is about; each is NULL unless it is given.
    Arguments: version, slot, feature, slice, metric, period_start, SQL expressions.
    Returns: SQL, columns of a select, indented as those of a rule's are.
    Example: {{ ml_ledger.alert_subject(version='versions.version', slot="'champion'") }}
#}
{% macro alert_subject(version=none, slot=none, feature=none, slice=none, metric=none, period_start=none) -%}
{%- set text = dbt.type_string() -%}
cast({{ version or 'null' }} as {{ dbt.type_bigint() }}) as version,
    cast({{ slot or 'null' }} as {{ text }}) as slot,
    cast({{ feature or 'null' }} as {{ text }}) as feature,
    cast({{ slice or 'null' }} as {{ text }}) as slice,
    cast({{ metric or 'null' }} as {{ text }}) as metric,
    cast({{ period_start or 'null' }} as {{ dbt.type_timestamp() }}) as period_start
{%- endmacro %}
