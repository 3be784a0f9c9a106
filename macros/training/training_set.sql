{#
    The training set of an ML model: every label of an as-of date that has matured as a whole, with the features of
    the same entity and as-of date.

    Adds to the columns of `features`: the label and `_ml_matured_at`; `_ml_split`, 'train', 'holdout' or 'embargo' (see
    `split_of_row`); `_ml_weight`; `_ml_known_at`, the clock; `_ml_invocation_id`; `_ml_run_by`, who runs the
    build.

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
{%- set holdout = ml_ledger.declared_holdout(spec) -%}
{%- if spec.get('entity') is not string or spec.get('as_of') is not string or not holdout
    or (labels is not none and spec.get('label') is not string) -%}
{#- Without these there is nothing to join. The versions node names them together with every other problem. -#}
select cast(null as integer) as _ml_invalid_declaration
where 1 = 0
{%- else -%}
{%- set entity, as_of, moment = ml_ledger.quoted(spec.entity), ml_ledger.quoted(spec.as_of), dbt.type_timestamp() -%}
with

{% if labels is none -%}
matured as (
    select
        {{ entity }} as _ml_entity_key,
        {{ as_of }} as _ml_as_of_key,
        cast({{ as_of }} as {{ moment }}) as _ml_matured_at
    from {{ features }}
    where {{ as_of }} <= {{ ml_ledger.clock() }}
),
{%- else -%}
labelled as (
    select
        {{ entity }} as _ml_entity_key,
        {{ as_of }} as _ml_as_of_key,
        {{ ml_ledger.quoted(spec.label) }} as _ml_label,
        cast(matured_at as {{ moment }}) as _ml_matured_at
    from {{ labels }}
),

complete_as_of_dates as (
    select _ml_as_of_key
    from labelled
    group by _ml_as_of_key
    having
        max(_ml_matured_at) <= {{ ml_ledger.clock() }}
        and count(*) = count(_ml_matured_at)
),

matured as (
    select labelled.*
    from labelled
    inner join complete_as_of_dates
        on labelled._ml_as_of_key = complete_as_of_dates._ml_as_of_key
),
{%- endif %}

{{ ml_ledger.as_of_splits(holdout, relaxed=evaluation.get('embargo') == 'relaxed') }}

select
    {% if labels is not none -%}
    matured._ml_label as {{ ml_ledger.quoted(spec.label) }},
    {% endif -%}
    matured._ml_matured_at,
    {{ ml_ledger.split_of_row(holdout, '_ml_features.' ~ entity) }} as _ml_split,
    cast(1 as {{ ml_ledger.type_double() }}) as _ml_weight,
    {{ ml_ledger.clock() }} as _ml_known_at,
    '{{ invocation_id }}' as _ml_invocation_id,
    {{ ml_ledger.actor() }} as _ml_run_by,
    _ml_features.*
from matured
inner join {{ features }} as _ml_features
    on
        matured._ml_entity_key = _ml_features.{{ entity }}
        and matured._ml_as_of_key = _ml_features.{{ as_of }}
inner join splits
    on matured._ml_as_of_key = splits._ml_as_of_key
{%- endif -%}
{% endmacro %}
