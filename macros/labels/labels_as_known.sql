{#
    The labels of an ML model as they were known at a moment: of each label the latest row that `label_log` had by then.
    Labels that were taken back (NULL, though matured) are left out, what never gets one (the column `never`) is not.

    Arguments: ml_model, its name; log, relation of its `label_log`; at, SQL of a timestamp, by default the clock.
    Returns: SQL, a select with the columns of the log.
    Example: see models/next_quarter_spend/labels/next_quarter_spend_labels.sql
#}
{% macro labels_as_known(ml_model, log, at=none) %}
{%- set spec = ml_ledger.ml_model_spec(ml_model) -%}
{%- set entity, as_of = ml_ledger.quoted(spec.entity), ml_ledger.quoted(spec.as_of) -%}
{%- set label = ml_ledger.quoted(spec.label) -%}
{%- set never = ml_ledger.quoted(spec.never) if spec.never else none -%}
{%- set at = ml_ledger.clock() if at is none else at -%}
{%- if ml_ledger.input_problems('labels_as_known', ml_model, labels=log) -%}
{{ ml_ledger.no_labels(spec, ml_ledger.label_log_columns()) }}
{%- else -%}
with

known as (
    select
        *,
        row_number() over (
            partition by {{ entity }}, {{ as_of }}
            order by correction_number desc
        ) as _ml_age
    from {{ log }}
    where known_at <= {{ at }}
)

select
    {{ entity }},
    {{ as_of }},
    {{ label }},
    {%- if never is not none %}
    coalesce({{ never }}, false) as {{ never }},
    {%- endif %}
    matured_at,
    label_source,
    known_at,
    correction_number,
    invocation_id,
    recorded_at
from known
where
    _ml_age = 1
    and (
        {{ label }} is not null or matured_at is null or matured_at > {{ at }}
        {{- ' or ' ~ never if never is not none }}
    )
{%- endif %}
{% endmacro %}

{#
    Labels of an ML model, without a row, where what is given cannot be read.
    Arguments: spec, the declaration; columns, mapping of the other columns to SQL types.
    Returns: SQL, a query.
#}
{% macro no_labels(spec, columns) -%}
{%- set all = {} -%}
{%- for key in ['entity', 'as_of', 'label'] if spec[key] -%}
    {%- do all.update({ml_ledger.quoted(spec[key]): dbt.type_string()}) -%}
{%- endfor -%}
{%- for column, type in columns.items() -%}
    {%- do all.update({column: type}) -%}
{%- endfor -%}
select
    {%- for column, type in all.items() %}
    cast(null as {{ type }}) as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
where 1 = 0
{%- endmacro %}
