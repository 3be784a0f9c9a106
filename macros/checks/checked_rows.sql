{#
    All rows of a relation, each with what is wrong with it. Of the three columns that are added, quarantine_reasons
    says why a row is to be set aside, as a JSON array of texts, NULL for a good row; quarantine_checks has the
    names of these checks, in the same order; warnings has the words of checks that only warn. docs/quarantine.md
    explains it.

    Arguments: source, relation, or the name of a common table expression; key, a column or a list that finds a row
    again; checks, mapping of names to mappings. Each has one of these keys, whose value is a column unless told:
      not_missing;
      within, with low and high, one is enough, both included: a number, a day in quotes, or SQL;
      not_default, with values: list of placeholders for missing values;
      matches, with pattern: regular expression for the whole text, or integer, number, date, timestamp;
      castable, with to: SQL type that the value, as text, must be readable as;
      one_of, with levels: list;
      not_duplicate, a column or a list: rows after the first, by order_by (the key), with the same values;
      refers_to, a column or a list, with to: relation, and to_columns, its columns where their names are others;
      not_after, with limit: a day in quotes, or SQL; the clock unless told;
      holds, SQL condition;
    and, where wanted,
      action: quarantine (the default); warn, which keeps the row; fail, which stops the build;
      reason: words of your own, in which {column} stands for a value.
    Returns: SQL.
    Example:
      {{ ml_ledger.checked_rows(
          source=ref('orders'),
          key='order_id',
          checks={
              'customer': {'not_missing': 'customer_id', 'action': 'fail'},
              'quantity': {'within': 'quantity', 'low': 1, 'high': 200},
              'loaded_twice': {'not_duplicate': 'order_id', 'order_by': 'loaded_at'},
          },
      ) }}
#}
{% macro checked_rows(source, checks, key=none) -%}
{%- do ml_ledger.refuse('checked_rows', ml_ledger.row_check_problems(source, checks, key)) -%}
{%- set actions = {'quarantine': [], 'warn': [], 'fail': []} -%}
{%- set faults, duplicates, names = {}, {}, [] -%}
{%- for name, check in checks.items() -%}
    {%- set fault = '_ml_fault_' ~ loop.index -%}
    {%- do faults.update({name: fault}) -%}
    {%- do actions[check.get('action', 'quarantine')].append(fault) -%}
    {%- if check.get('action', 'quarantine') == 'quarantine' -%}
        {%- do names.append('case when ' ~ fault ~ ' is not null then ' ~ ml_ledger.text_literal(name) ~ ' end') -%}
    {%- endif -%}
    {%- if 'not_duplicate' in check -%}{%- do duplicates.update({name: fault}) -%}{%- endif -%}
{%- endfor -%}
{%- set bad = actions.quarantine | reject('in', duplicates.values() | list) | list -%}
with

_ml_faults as (
    select
        _ml_source.*
        {%- for name, check in checks.items() %}
        {%- if name not in duplicates %},
        {{ ml_ledger.row_fault(check, loop.index) }} as {{ faults[name] }}
        {%- endif %}
        {%- endfor %}
    from {{ source }} as _ml_source
    {{- ml_ledger.row_check_joins(checks) | indent(4) }}
),

{% if duplicates -%}
{{ ml_ledger.rows_with_copies(checks, key, duplicates, bad) }},

{% endif -%}
{% set found = '_ml_copies' if duplicates else '_ml_faults' -%}
{% if actions.fail -%}
_ml_failures as (
    select
        {%- for fault in actions.fail %}
        count({{ fault }}) as {{ fault }}_count,
        min({{ ml_ledger.key_text(key) }} || ': ' || {{ fault }}) as {{ fault }}_example{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ found }}
),

{% endif -%}
_ml_checked as (
    select
        *,
        {{ ml_ledger.json_array_of_texts(actions.quarantine) | indent(8) }} as quarantine_reasons,
        {{ ml_ledger.json_array_of_texts(names) | indent(8) }} as quarantine_checks,
        {{ ml_ledger.json_array_of_texts(actions.warn) | indent(8) }} as warnings
    from {{ found }}
)

select {{ ml_ledger.all_columns_but(faults.values() | list) }}
from _ml_checked
{%- if actions.fail %}
where (
    select {{ ml_ledger.fail_when(
        actions.fail | join('_count + ') ~ '_count > 0', ml_ledger.failing_rows_message(source, faults, actions.fail)
    ) }}
    from _ml_failures
)
{%- endif %}
{%- endmacro %}

{#
    What stops a build: each check that failed, with how many rows and one of them.
    Arguments: source, as in `checked_rows`; faults, mapping of the names of checks to their columns; failing, list of
    those columns that stop the build.
    Returns: SQL, a text over `_ml_failures`.
#}
{% macro failing_rows_message(source, faults, failing) %}
    {% set lines = [] %}
    {% for name, fault in faults.items() if fault in failing %}
        {% do lines.append(
            'case when ' ~ fault ~ '_count > 0 then ' ~ ml_ledger.text_literal('\n  ' ~ name ~ ': ') ~ ' || cast('
                ~ fault
            ~ '_count as ' ~ dbt.type_string() ~ ') || case when ' ~ fault ~ "_count > 1 then ' rows' else ' row' end"
            ~ " || ', for example ' || " ~ fault ~ "_example else '' end"
        ) %}
    {% endfor %}
    {% do return(
        ml_ledger.text_literal(
            'checked_rows in ' ~ (model.name if model else source) ~ ': rows of ' ~ source
            ~ ' fail checks with action: fail. Nothing was written.'
        ) ~ ' || ' ~ lines | join(' || ') ~ ' || ' ~ ml_ledger.text_literal(
            '\nFix: correct these rows at the source, or set them aside with action: quarantine.'
        )
    ) %}
{% endmacro %}

{#
    Common table expressions that end in `_ml_copies`: the rows of `_ml_faults`, with the faults of those that are
    copies.
    Arguments: checks and key, as of `checked_rows`; duplicates, mapping of the names of checks for copies to their
    columns; bad, list of the columns of other checks that set a row aside.
    Returns: SQL.
#}
{% macro rows_with_copies(checks, key, duplicates, bad) -%}
{#- A copy of a row that is set aside for another reason is no copy: the correction of a row may come as a new one. -#}
_ml_others as (
    select
        *,
        case
            {%- for fault in bad %}
            when {{ fault }} is not null then 0
            {%- endfor %}
            when true then 1
        end as _ml_is_good
    from _ml_faults
),

_ml_copies as (
    select
        {{ ml_ledger.all_columns_but(['_ml_is_good']) }},
        {%- for name, fault in duplicates.items() %}
        {{ ml_ledger.duplicate_fault(checks[name], key) | indent(8) }} as {{ fault }}{{ ',' if not loop.last }}
        {%- endfor %}
    from _ml_others
)
{%- endmacro %}
