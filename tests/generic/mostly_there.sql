{#
    At most a share of the rows has no value (NULL) in this column.
    Arguments: at_most, the share, 0.05 unless told; reference, relation with a column of this name: then the share may
    also be `times` (2) what it is there, in the rows for which `reference_where` holds; key, a column or a list that
    finds a row again. A failing row: docs/quality.md. None on an empty model.
#}
{% test mostly_there(model, column_name, at_most=0.05, reference=none, reference_where='1 = 1', times=2, key=none) %}
{%- set column, name = ml_ledger.column(column_name), ml_ledger.said(ml_ledger.column_name(column_name)) -%}
with

checked as (
    select * from {{ model }}
),

counted as (
    select
        count(*) as total,
        sum(case when {{ column }} is null then 1 else 0 end) as missing,
        min(case when {{ column }} is null then {{ ml_ledger.key_text(key) }} end) as example
    from checked
),

limits as (
    {{ ml_ledger.share_limit(column ~ ' is null', at_most, times, reference, reference_where) }}
),

described as (
    select
        counted.*,
        limits.allowed,
        {{ ml_ledger.share_text('counted.missing', 'counted.total') }} as share,
        {{ ml_ledger.short_number('limits.allowed') }} as allowed_share
    from counted
    cross join limits
)

select
    {{ ml_ledger.finding(
        column_name, 'share', 'allowed_share', 'missing', 'example',
        ml_ledger.sentence(
            name ~ ' is missing in {missing} of {total} rows, a share of {share}; at most {allowed_share} may be. '
            ~ 'Ask where these rows come from, for example {example}. Fix: correct the source or the join that lost the'
            ~ ' values, '
            ~ 'or raise at_most if this is how it will be.'
        )
    ) }}
from described
where missing > allowed * total
{% endtest %}
