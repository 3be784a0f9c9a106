{#
    Every reason for which a row was set aside, of all relations that are declared under `vars.ml_quarantined`.
    Returns: SQL, a select of relation, check_name, period (first day of a month), and example, the key and the reason.
    Example: see models/quality/ml_quarantine.sql
#}
{% macro union_quarantined() -%}
{%- set text, relations = dbt.type_string(), ml_ledger.quarantined_relations() -%}
{%- for name, declared in relations.items() %}
{%- set relation = ref(project_name, name) -%}
{%- do ml_ledger.refuse('ml_quarantined', ml_ledger.quarantined_problems(name, relation, declared)) -%}
{{ 'with

' if loop.first }}_ml_set_aside_{{ loop.index }} as (
    select
        {{ ml_ledger.month_of(declared.timestamp) }} as period,
        {{ ml_ledger.key_text(declared.key) }} as row_key,
        quarantine_checks,
        quarantine_reasons
    from {{ relation }}
){{ ',

' if not loop.last else '
' }}
{%- endfor %}
{%- for name, declared in relations.items() %}
select
    {{ ml_ledger.text_literal(name) }} as relation,
    check_name,
    period,
    row_key || ': ' || reason as example
from (
    {{ ml_ledger.unnest_json_texts(
        '_ml_set_aside_' ~ loop.index,
        {'check_name': 'quarantine_checks', 'reason': 'quarantine_reasons'},
        ['period', 'row_key'],
    ) | indent(4) }}
) as _ml_reasons

union all
{% endfor %}
select
    cast(null as {{ text }}) as relation,
    cast(null as {{ text }}) as check_name,
    cast(null as date) as period,
    cast(null as {{ text }}) as example
where 1 = 0
{%- endmacro %}

{#
    How many rows the sources of these relations have, per period.
    Returns: SQL, a select of relation, period and source_rows.
#}
{% macro union_quarantined_sources() -%}
{%- for name, declared in ml_ledger.quarantined_relations().items() -%}
select
    {{ ml_ledger.text_literal(name) }} as relation,
    {{ ml_ledger.month_of(declared.timestamp) }} as period,
    count(*) as source_rows
from {{ ref(project_name, declared.source) }}
group by {{ ml_ledger.month_of(declared.timestamp) }}

union all
{% endfor %}
select
    cast(null as {{ dbt.type_string() }}) as relation,
    cast(null as date) as period,
    cast(null as {{ dbt.type_bigint() }}) as source_rows
where 1 = 0
{%- endmacro %}

{#
    The month of a moment.
    Arguments: column.
    Returns: SQL, a date, the first day; NULL where there is no moment.
#}
{% macro month_of(column) %}
    {% do return('cast(' ~ dbt.date_trunc('month', ml_ledger.column(column)) ~ ' as date)') %}
{% endmacro %}

{#
    What columns a declared relation lacks, where they can be known.
    Arguments: name; relation; declared, its entry.
    Returns: list of texts.
#}
{% macro quarantined_problems(name, relation, declared) %}
    {% set problems, types = [], ml_ledger.column_types(relation) %}
    {% for column in ['quarantine_reasons', 'quarantine_checks'] if types and column not in types %}
        {% do problems.append(
            name ~ ': has no column ' ~ column ~ '; got ' ~ types.keys() | join(', ') ~ '. Fix: make it of the rows of'
            ~ ' ml_ledger.checked_rows(...) where quarantine_reasons is not null; docs/quarantine.md shows how.'
        ) %}
    {% endfor %}
    {% do problems.extend(ml_ledger.missing_columns(name ~ '.', relation, types, {'timestamp': declared.timestamp})) %}
    {% for column in ml_ledger.as_list(declared.key) %}
        {% do problems.extend(ml_ledger.missing_columns(name ~ '.', relation, types, {'key': column})) %}
    {% endfor %}
    {% set source = ref(project_name, declared.source) %}
    {% do problems.extend(ml_ledger.missing_columns(
        name ~ '.', source, ml_ledger.column_types(source), {'timestamp': declared.timestamp}
    )) %}
    {% do return(problems) %}
{% endmacro %}
