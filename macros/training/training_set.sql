{#
    The training set of an ML model: every matured label with the features of the same entity and as-of date.

    Adds to the columns of `features`: the label and `matured_at`; `split`, which is 'holdout' for the last matured
    as-of dates, 'train' for rows whose label had matured by the first of these, and 'embargo' for the rows between,
    whose labels would look into the holdout (under `embargo: relaxed` they are trained on when there is nothing
    else); `weight`; `known_at`, the clock; `invocation_id`.

    Arguments: ml_model, its name; features, relation with one row per entity and as-of date; labels, relation with
    one row per entity and as-of date, the label and `matured_at`.
    Returns: SQL.
    Example: {{ ml_ledger.training_set('repurchase', ref('customer_purchase_features'), ref('repurchase_labels')) }}
#}
{% macro training_set(ml_model, features, labels) %}
{%- set spec = ml_ledger.ml_model_spec(ml_model) -%}
{%- set evaluation = spec.get('evaluation') or {} -%}
{%- set holdout_dates = evaluation.get('holdout_as_of_dates', 1) -%}
{%- if spec.entity is not string or spec.as_of is not string or spec.label is not string
    or holdout_dates is not integer -%}
{#- Without these there is nothing to join. The versions node names them together with every other problem. -#}
select cast(null as integer) as invalid_declaration
where 1 = 0
{%- else -%}
with

matured as (
    select
        {{ spec.entity }},
        {{ spec.as_of }},
        {{ spec.label }},
        cast(matured_at as {{ dbt.type_timestamp() }}) as matured_at
    from {{ labels }}
    where matured_at <= {{ ml_ledger.clock() }}
),

as_of_dates as (
    select
        {{ spec.as_of }},
        cast({{ spec.as_of }} as {{ dbt.type_timestamp() }}) as _ml_as_of,
        max(matured_at) as _ml_matured_at,
        row_number() over (order by {{ spec.as_of }} desc) as _ml_age
    from matured
    group by {{ spec.as_of }}
),

holdout as (
    select
        min(_ml_as_of) as _ml_starts
    from as_of_dates
    where _ml_age <= {{ holdout_dates }}
),

classified as (
    select
        as_of_dates.{{ spec.as_of }},
        case
            when as_of_dates._ml_age <= {{ holdout_dates }} then 'holdout'
            when as_of_dates._ml_matured_at <= holdout._ml_starts then 'train'
            else 'embargo'
        end as _ml_split
    from as_of_dates
    cross join holdout
),

splits as (
    select
        {{ spec.as_of }},
        {% if evaluation.get('embargo') == 'relaxed' -%}
        case
            when
                _ml_split = 'embargo'
                and sum(case when _ml_split = 'train' then 1 else 0 end) over () = 0
                then 'train'
            else _ml_split
        end as _ml_split
        {%- else -%}
        _ml_split
        {%- endif %}
    from classified
),

training_set as (
    select
        features.*,
        matured.{{ spec.label }},
        matured.matured_at,
        splits._ml_split as split,
        cast(1 as {{ ml_ledger.type_double() }}) as weight,
        {{ ml_ledger.clock() }} as known_at,
        '{{ invocation_id }}' as invocation_id
    from matured
    inner join {{ features }} as features
        on
            matured.{{ spec.entity }} = features.{{ spec.entity }}
            and matured.{{ spec.as_of }} = features.{{ spec.as_of }}
    inner join splits
        on matured.{{ spec.as_of }} = splits.{{ spec.as_of }}
)

select * from training_set
{%- endif -%}
{% endmacro %}
