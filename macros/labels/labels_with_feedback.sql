{#
    Labels in which the verdicts of reviewers take the place of what was measured, each with its source. A verdict
    counts from the moment at which it was given, never before: it is left out at a clock before that, and matures with
    its last word.

    Where `labels` has no row for a decision, its verdict is left out as well, unless completes is true: whoever trains
    on an as-of date takes all labels that are there, and those of reviewed decisions alone are no fair sample of it
    (docs/labels.md).

    Feedback depends on predictions, and these on labels, so both relations are sources: what the last run left behind.
    Before there is one, labels are what was measured.

    Arguments: ml_model, its name; labels, relation with one row per entity and as-of date, the label and `matured_at`;
    feedback and predictions, sources that are the relations of its nodes; at, SQL of a timestamp, by default the clock;
    completes, whether verdicts also stand where there is no label.
    Returns: SQL, a select of the entity, the as-of date and the label as they are called in the declaration,
    matured_at, and label_source: 'measured' or 'feedback'.
    Example: see docs/people.md
#}
{% macro labels_with_feedback(ml_model, labels, feedback, predictions, at=none, completes=false) %}
{%- set spec = ml_ledger.ml_model_spec(ml_model) -%}
{%- set entity, as_of = ml_ledger.quoted(spec.entity), ml_ledger.quoted(spec.as_of) -%}
{%- set label = ml_ledger.quoted(spec.label) -%}
{%- set never = ml_ledger.quoted(spec.never) if spec.never else none -%}
{%- set text, moment = dbt.type_string(), dbt.type_timestamp() -%}
{%- set types = ml_ledger.column_types(labels) -%}
{%- set is_class = spec.task == 'multiclass' -%}
{%- if ml_ledger.input_problems('labels_with_feedback', ml_model, labels=labels) -%}
{{ ml_ledger.no_labels(spec, {'matured_at': moment, 'label_source': text}) }}
{%- elif execute and (load_relation(feedback) is none or load_relation(predictions) is none) -%}
select
    {{ entity }},
    {{ as_of }},
    {{ label }},
    {%- if never is not none %}
    {{ never }},
    {%- endif %}
    cast(matured_at as {{ moment }}) as matured_at,
    'measured' as label_source
from {{ labels }}
{%- else -%}
with

{{ ml_ledger.reviewed_labels(feedback, predictions, at) }},

measured as (
    select
        {{ entity }} as _ml_entity,
        {{ as_of }} as _ml_as_of,
        {{ label }} as _ml_label,
        {%- if never is not none %}
        {{ never }} as _ml_never,
        {%- endif %}
        cast(matured_at as {{ moment }}) as _ml_matured_at,
        cast({{ entity }} as {{ text }}) as _ml_entity_id,
        cast({{ as_of }} as {{ moment }}) as _ml_as_of_moment
    from {{ labels }}
)

select
    {%- if completes %}
    coalesce(
        measured._ml_entity, cast(reviewed.entity_id as {{ types.get(spec.entity | lower) or text }})
    ) as {{ entity }},
    coalesce(measured._ml_as_of, cast(reviewed.as_of as {{ types.get(spec.as_of | lower) or moment }})) as {{ as_of }},
    {%- else %}
    measured._ml_entity as {{ entity }},
    measured._ml_as_of as {{ as_of }},
    {%- endif %}
    case
        when reviewed.verdict is null then measured._ml_label
        else cast(
            reviewed.verdict as {{ types.get(spec.label | lower) or (text if is_class else ml_ledger.type_double()) }}
        )
    end as {{ label }},
    {%- if never is not none %}
    coalesce(measured._ml_never, false) and reviewed.verdict is null as {{ never }},
    {%- endif %}
    case when reviewed.verdict is null then measured._ml_matured_at else reviewed.given_at end as matured_at,
    case when reviewed.verdict is null then 'measured' else 'feedback' end as label_source
from measured
{{ 'full' if completes else 'left' }} join reviewed
    on
        measured._ml_entity_id = reviewed.entity_id
        and measured._ml_as_of_moment = reviewed.as_of
{%- endif %}
{% endmacro %}

{#
    Common table expressions that end in `reviewed`: the verdict on each decision, with its entity and as-of date.
    Arguments: as of `labels_with_feedback`.
    Returns: SQL.
#}
{% macro reviewed_labels(feedback, predictions, at) -%}
verdicts as (
    {{ ml_ledger.resolved_verdicts(feedback, predictions, ml_ledger.clock() if at is none else at) | indent(4) }}
),

reviewed as (
    select
        predictions.entity_id,
        predictions.as_of,
        verdicts.verdict,
        verdicts.given_at
    from verdicts
    inner join {{ predictions }} as predictions
        on verdicts.decision_id = predictions.decision_id
    where
        verdicts.verdict is not null
        and predictions.entity_id is not null
)
{%- endmacro %}
