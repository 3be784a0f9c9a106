{#
    What `ml_quarantine_log` has recorded so far of the relations that are declared now.
    Returns: SQL, a select of relation, check_name, row_count, clock and age, 1 for the latest row of a check.
    Example: see models/quality/ml_quarantine_log.sql
#}
{% macro quarantine_recorded() -%}
{%- set declared = [] -%}
{%- for name in ml_ledger.quarantined_relations() -%}
    {%- do declared.append(ml_ledger.text_literal(name)) -%}
{%- endfor -%}
{%- if is_incremental() and declared -%}
select
    relation,
    check_name,
    row_count,
    clock,
    row_number() over (partition by relation, check_name order by clock desc, recorded_at desc) as age
from {{ ml_ledger.rows_so_far() }} as so_far
where relation in ({{ declared | join(', ') }})
{%- else -%}
select
    cast(null as {{ dbt.type_string() }}) as relation,
    cast(null as {{ dbt.type_string() }}) as check_name,
    cast(null as {{ dbt.type_bigint() }}) as row_count,
    cast(null as {{ dbt.type_timestamp() }}) as clock,
    1 as age
where 1 = 0
{%- endif -%}
{%- endmacro %}
