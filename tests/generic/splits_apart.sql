{#
    Leakage: no entity is in train and in holdout at the same as-of date; with matured_at, no label window (from the
    as-of date up to matured_at) of a training row overlaps one of the same entity in the holdout.
    Arguments: entity and as_of, columns; matured_at, the column with the end of the label window, or none; split, the
    column that says how a row is used, and train and holdout, its values: '_ml_split', 'train' and 'holdout' unless
    told. A failing row per kind of overlap: docs/quality.md. Rows whose entity or as-of date is NULL are not compared.
#}
{% test splits_apart(model, entity, as_of, matured_at=none, split='_ml_split', train='train', holdout='holdout') %}
{%- set entity_name = ml_ledger.said(ml_ledger.column_name(entity)) -%}
{%- set as_of_name = ml_ledger.said(ml_ledger.column_name(as_of)) -%}
with

checked as (
    select
        {{ ml_ledger.column(entity) }} as entity,
        {{ ml_ledger.column_moment(model, as_of) }} as as_of,
        {{ ml_ledger.column_moment(model, matured_at) ~ ' as matured_at,' if matured_at }}
        {{ ml_ledger.column(split) }} as split_name
    from {{ model }}
),

train as (
    select *
    from checked
    where split_name = {{ ml_ledger.literal(train) }}
),

holdout as (
    select *
    from checked
    where split_name = {{ ml_ledger.literal(holdout) }}
),

in_both as (
    select distinct
        train.entity,
        train.as_of
    from train
    inner join holdout
        on train.entity = holdout.entity and train.as_of = holdout.as_of
),

counted as (
    select
        count(*) as bad,
        min({{ ml_ledger.sentence(entity_name ~ ' = {entity}, ' ~ as_of_name ~ ' = {as_of}') }}) as example
    from in_both
)
{%- if matured_at %},

{{ ml_ledger.overlapping_windows(entity_name, as_of_name, matured_at) }}
{%- endif %}

select
    {{ ml_ledger.finding(
        split, 'bad', '0', 'bad', 'example',
        ml_ledger.sentence(
            'Leakage: {bad} pairs of ' ~ entity_name ~ ' and ' ~ as_of_name ~ ' are in ' ~ train ~ ' and in ' ~ holdout
            ~ ' of ' ~ ml_ledger.said(ml_ledger.column_name(split))
            ~ ' (for example {example}), so the holdout measures '
            ~ 'what was learned by heart. Fix: split by ' ~ as_of_name ~ ', and look for duplicates.'
        )
    ) }}
from counted
where bad > 0
{%- if matured_at %}

union all

select
    {{ ml_ledger.finding(
        matured_at, 'latest', ml_ledger.text_literal('no overlap of label windows'), 'bad', 'example',
        ml_ledger.sentence(
            'Leakage: the label windows of {bad} rows of ' ~ train ~ ' overlap that of the same ' ~ entity_name
                ~ ' in ' ~ holdout
            ~ ' (for example {example}), so they hold part of the answer, and metrics on the holdout are too good.'
            ~ ' Fix: train '
            ~ 'only on labels that matured before the holdout begins (evaluation.embargo: strict).'
        )
    ) }}
from counted_overlaps
where bad > 0
{%- endif %}
{% endtest %}
