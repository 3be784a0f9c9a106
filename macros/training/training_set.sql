{#
    The training set of an ML model: every label of an as-of date that has matured as a whole, with the features of
    the same entity and as-of date.

    Adds to the columns of `features`: the label and `matured_at`; `split`, 'train', 'holdout' or 'embargo' (see
    `as_of_splits`); `weight`; `known_at`, the clock; `invocation_id`; `run_by`, who runs the
    build. No feature may have one of these names.

    A task clustering has no label: it takes every as-of date up to the clock, each matured as it begins.

    Arguments: ml_model, its name; features, relation with one row per entity and as-of date; labels, relation with
    one row per entity and as-of date, the label and `matured_at`, or none for a task clustering.
    Returns: SQL.
    Example: {{ ml_ledger.training_set('repurchase', ref('customer_purchase_features'), ref('repurchase_labels')) }}
#}
{% macro training_set(ml_model, features, labels=none) %}
{%- set spec = ml_ledger.ml_model_spec(ml_model) -%}
{%- if execute and (labels is none) != (spec.get('task') == 'clustering') -%}
    {%- do exceptions.raise_compiler_error(
        "training_set of '" ~ ml_model ~ "': task clustering takes no labels, every other task does; got task "
        ~ spec.get('task') ~ ' and ' ~ ('no labels' if labels is none else 'labels from ' ~ labels)
        ~ '. Fix: ' ~ ('pass labels=ref(...)' if labels is none else 'remove the argument labels') ~ ', or correct the task.'
    ) -%}
{%- endif -%}
{%- set evaluation = spec.get('evaluation') -%}
{%- set evaluation = evaluation if evaluation is mapping else {} -%}
{%- set holdout_dates = evaluation.get('holdout_as_of_dates', 1) -%}
{%- if spec.get('entity') is not string or spec.get('as_of') is not string or holdout_dates is not integer
    or (labels is not none and spec.get('label') is not string) -%}
{#- Without these there is nothing to join. The versions node names them together with every other problem. -#}
select cast(null as integer) as invalid_declaration
where 1 = 0
{%- else -%}
with

{% if labels is none -%}
matured as (
    select
        {{ spec.entity }},
        {{ spec.as_of }},
        cast({{ spec.as_of }} as {{ dbt.type_timestamp() }}) as matured_at
    from {{ features }}
    where {{ spec.as_of }} <= {{ ml_ledger.clock() }}
),
{%- else -%}
complete_as_of_dates as (
    select {{ spec.as_of }}
    from {{ labels }}
    group by {{ spec.as_of }}
    having
        max(cast(matured_at as {{ dbt.type_timestamp() }})) <= {{ ml_ledger.clock() }}
        and count(*) = count(matured_at)
),

matured as (
    select
        labels.{{ spec.entity }},
        labels.{{ spec.as_of }},
        labels.{{ spec.label }},
        cast(labels.matured_at as {{ dbt.type_timestamp() }}) as matured_at
    from {{ labels }} as labels
    inner join complete_as_of_dates
        on labels.{{ spec.as_of }} = complete_as_of_dates.{{ spec.as_of }}
),
{%- endif %}

{{ ml_ledger.as_of_splits(spec.as_of, holdout_dates, relaxed=evaluation.get('embargo') == 'relaxed') }},

training_set as (
    select
        {% if labels is not none -%}
        matured.{{ spec.label }},
        {% endif -%}
        matured.matured_at,
        splits._ml_split as split,
        cast(1 as {{ ml_ledger.type_double() }}) as weight,
        {{ ml_ledger.clock() }} as known_at,
        '{{ invocation_id }}' as invocation_id,
        {{ ml_ledger.actor() }} as run_by,
        features.*
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
