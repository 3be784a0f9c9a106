{#
    Common table expressions that end in `counted_overlaps`: the rows of `train` whose label window overlaps one of the
    same entity in `holdout`.
    Arguments: entity_name and as_of_name, what to call the columns; matured_at, the column with the end of the window.
    Returns: SQL.
#}
{% macro overlapping_windows(entity_name, as_of_name, matured_at) -%}
overlapping as (
    select distinct
        train.entity,
        train.as_of,
        train.matured_at
    from train
    inner join holdout
        on
            train.entity = holdout.entity
            and train.as_of <> holdout.as_of
            and train.as_of < holdout.matured_at
            and train.matured_at > holdout.as_of
),

counted_overlaps as (
    select
        count(*) as bad,
        max(matured_at) as latest,
        min({{ ml_ledger.sentence(
            entity_name ~ ' = {entity}, ' ~ as_of_name ~ ' = {as_of}, '
            ~ ml_ledger.said(ml_ledger.column_name(matured_at)) ~ ' = {matured_at}'
        ) }}) as example
    from overlapping
)
{%- endmacro %}
