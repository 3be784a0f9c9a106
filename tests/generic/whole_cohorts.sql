{#
    Leakage: of each as-of date in the training set, every entity is there. Positive outcomes often mature before
    negative ones, so a set that took only what has matured sees too many of them.
    Arguments: cohorts, relation with all entities of each as-of date, such as the features, or all labels whether
    matured or not; entity and as_of, columns that both have.
    A failing row per as-of date: docs/quality.md. Rows of cohorts whose entity is NULL are not asked for.
#}
{% test whole_cohorts(model, cohorts, entity, as_of) %}
{%- set entity_name = ml_ledger.said(ml_ledger.column_name(entity)) -%}
{%- set as_of_name = ml_ledger.said(ml_ledger.column_name(as_of)) -%}
with

checked as (
    select distinct
        {{ ml_ledger.column(entity) }} as entity,
        {{ ml_ledger.column(as_of) }} as as_of
    from {{ model }}
),

as_of_dates as (
    select
        as_of,
        count(*) as present
    from checked
    group by as_of
),

expected as (
    select distinct
        {{ ml_ledger.column(entity) }} as entity,
        {{ ml_ledger.column(as_of) }} as as_of
    from {{ cohorts }}
    where {{ ml_ledger.column(entity) }} is not null
),

absent as (
    select
        expected.as_of,
        count(*) as bad,
        cast(min(expected.entity) as {{ dbt.type_string() }}) as entity_text
    from expected
    left join checked
        on expected.entity = checked.entity and expected.as_of = checked.as_of
    where checked.entity is null
    group by expected.as_of
),

described as (
    select
        absent.bad,
        absent.entity_text,
        as_of_dates.present,
        cast(as_of_dates.as_of as {{ dbt.type_string() }}) as as_of_text
    from absent
    inner join as_of_dates
        on absent.as_of = as_of_dates.as_of
)

select
    {{ ml_ledger.finding(
        as_of, 'as_of_text', ml_ledger.text_literal('every entity of the as-of date'), 'bad',
        ml_ledger.sentence(entity_name ~ ' = {entity_text}'),
        ml_ledger.sentence(
            'The training set has {present} rows with ' ~ as_of_name
                ~ ' = {as_of_text}, and {bad} are not there (for example '
            ~ entity_name ~ ' = {entity_text}). Outcomes that are known early are often the positive ones, so the'
            ~ ' share of positives '
            ~ 'is biased. Fix: wait until all labels of the date have matured, and take all of its rows or none, as '
            ~ 'ml_ledger.training_set does; an entity that can have no label does not belong in cohorts.'
        )
    ) }}
from described
{% endtest %}
