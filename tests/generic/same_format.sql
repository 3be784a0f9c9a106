{#
    The values of this column, written as text, have the declared format.
    Arguments, one or more: pattern, a regular expression for the whole text, or one of the words integer, number, date,
    timestamp; castable_to, a SQL type that the text must be readable as; reference, relation with a column of this
    name: the shape of each value (a run of digits is 9, of capitals A, of small letters a: 'GB-120' is A-9) must occur
    there, in the rows for which `reference_where` holds. at_most, the share of rows that may have another format, 0
    unless told; key, a column or a list that finds a row again.
    An integer that became 3.0 or '3.5' fails pattern: integer, whatever the type of the column is; a cast would round
    it. A failing row: docs/quality.md. NULL has no format (see mostly_there).
#}
{% test same_format(
    model, column_name, pattern=none, castable_to=none, reference=none, reference_where='1 = 1', at_most=0, key=none
) %}
{%- if pattern is none and castable_to is none and reference is none -%}
    {%- do exceptions.raise_compiler_error(
        'same_format on ' ~ column_name
        ~ ': needs a format; got neither pattern, castable_to nor reference. Fix: declare one of them.'
    ) -%}
{%- endif -%}
{%- set column, name = ml_ledger.column(column_name), ml_ledger.said(ml_ledger.column_name(column_name)) -%}
{%- set written = 'cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ ')' -%}
{%- set wanted = ml_ledger.wanted_format(written, pattern, castable_to, reference) -%}
with

by_value as (
    select
        {{ written }} as _ml_written,
        {{ wanted.shape }} as _ml_shape,
        count(*) as _ml_rows,
        min({{ ml_ledger.key_text(key) }}) as _ml_row_key
    from {{ model }}
    group by {{ column }}
),

{% if reference is not none -%}
known_shapes as (
    select distinct {{ wanted.shape }} as shape
    from {{ reference }}
    where {{ reference_where }}
),

{% endif -%}
other_format as (
    select
        by_value._ml_written as written,
        by_value._ml_rows as value_rows,
        by_value._ml_row_key as row_key
    from by_value
    {%- if reference is not none %}
    left join known_shapes
        on by_value._ml_shape = known_shapes.shape
    {%- endif %}
    where
        by_value._ml_written is not null
        and not ({{ wanted.conditions | join(' and ') }})
),

counted as (
    select
        coalesce(sum(other_format.value_rows), 0) as bad,
        min(other_format.written) as found,
        min({{ ml_ledger.sentence('{row_key}: {written}') }}) as example
    from other_format
),

described as (
    select
        counted.*,
        {{ ml_ledger.text_literal(wanted.words | join(', ')) }} as allowed,
        (select sum(_ml_rows) from by_value) as total
    from counted
)

select
    {{ ml_ledger.finding(
        column_name, 'found', 'allowed', 'bad', 'example',
        ml_ledger.sentence(
            name ~ " has another format in {bad} of {total} rows, for example '{found}' ({example}); it must be "
            ~ '{allowed} (a share of ' ~ at_most ~ ' may not). Ask what changed at the source. Fix: convert these'
            ~ ' rows in '
            ~ 'staging or set them aside; if the new format stays, declare it here.'
        )
    ) }}
from described
where bad > {{ at_most }} * total
{% endtest %}
