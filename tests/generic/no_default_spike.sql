{#
    No placeholder for a missing value is in too many rows: zeros, -1, 999, 1900-01-01, empty texts and the like.
    Arguments: at_most, the share of rows that one of these values may have, 0.01 unless told; values, a list of them
    (numbers, or texts and dates in quotes; 0 is also 0.00, 1900-01-01 is also midnight of it, and case is not looked
    at), or none for those that are usual; reference, relation with a column of this name: then the share may also be
    `times` (3) what the value has there, in the rows for which `reference_where` holds; key, a column or a list that
    finds a row again. A failing row per value: docs/quality.md. NULL is none of these values (see mostly_there).
#}
{% test no_default_spike(
    model, column_name, at_most=0.01, values=none, reference=none, reference_where='1 = 1', times=3, key=none
) %}
{%- set usual = [
    '', '0', '-1', '-9', '-99', '-999', '-9999', '999', '9999', '99999', '999999', '1900-01-01', '1970-01-01',
    '9999-12-31', 'null', 'none', 'nan', 'n/a', 'unknown', '-', '?',
] -%}
{%- set column, name = ml_ledger.column(column_name), ml_ledger.said(ml_ledger.column_name(column_name)) -%}
{%- set as_written = ml_ledger.as_written('checked_value') -%}
with

by_value as (
    select
        {{ column }} as checked_value,
        count(*) as value_rows,
        min({{ ml_ledger.key_text(key) }}) as example
    from {{ model }}
    group by 1
),

spikes as (
    select
        {{ as_written }} as written,
        sum(value_rows) as value_rows,
        min(example) as example
    from by_value
    where checked_value is not null
    group by {{ as_written }}
),

{% if reference is not none -%}
{{ ml_ledger.shares_in_reference(reference, reference_where, column) }},

{% endif -%}
measured as (
    select
        spikes.written,
        spikes.value_rows as affected,
        spikes.example,
        (select sum(value_rows) from by_value) as total,
        {% if reference is none -%}
        cast({{ at_most }} as {{ ml_ledger.type_double() }}) as allowed
        {%- else -%}
        greatest(
            cast({{ at_most }} as {{ ml_ledger.type_double() }}), {{ times }} * coalesce(reference_shares.share, 0)
        ) as allowed
        {%- endif %}
    from spikes
    {%- if reference is not none %}
    left join reference_shares
        on spikes.written = reference_shares.written
    {%- endif %}
    where spikes.written in ({{ ml_ledger.written_literals(usual if values is none else values) }})
),

described as (
    select
        *,
        {{ ml_ledger.share_text('affected', 'total') }} as share,
        {{ ml_ledger.short_number('allowed') }} as allowed_share
    from measured
)

select
    {{ ml_ledger.finding(
        column_name, 'written', 'allowed_share', 'affected', 'example',
        ml_ledger.sentence(
            name ~ " is '{written}' in {affected} of {total} rows, a share of {share}; at most {allowed_share} may be. "
            ~ 'It looks like a placeholder for a missing value, for example in {example}. Fix: turn it into'
            ~ ' NULL in '
            ~ 'staging, or, if the value is real, raise at_most or leave it out of values.'
        )
    ) }}
from described
where affected > allowed * total
{% endtest %}
