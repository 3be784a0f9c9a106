{#
    The outcomes of an ML model: every prediction, of whatever slot, whose label has matured at the clock. Predictions
    of a person who was erased have none; neither has one whose label is NULL, or that
    never gets one (the column `never` of the declaration). A task clustering has no labels, and so no
    outcomes.

    `label` is the label as a number (a boolean as 0 and 1); of a task multiclass it is NULL, and `label_class` the
    class.

    Stops with an error, and writes nothing, when two labels that have matured have the same entity and as-of date.

    Arguments: ml_model, its name; predictions, relation of its node; labels, relation with one row per entity and as-of
    date, the label and `matured_at`. Stops where a column is missing or of a type that cannot be read.
    Returns: SQL. For a dbt model that is a table: then labels that are at fault stop this ML model only, and what
    was known of its outcomes before can still be read.
    Example: see models/repurchase/scoring/repurchase_outcomes.sql
#}
{% macro outcomes(ml_model, predictions=none, labels=none) %}
{%- set predictions = ml_ledger.own_node(predictions, ml_model, 'predictions') -%}
{%- set labels = ml_ledger.declared_relation(labels, ml_model, 'labels', required=true) -%}
{%- if execute -%}
{{ ml_ledger.outcomes_query(ml_model, predictions, labels) }}
{%- endif -%}
{% endmacro %}

{#
    The rows of `outcomes`.
    Arguments: as of `outcomes`.
    Returns: SQL.
#}
{% macro outcomes_query(ml_model, predictions, labels) %}
{%- set spec = ml_ledger.ml_model_spec(ml_model) -%}
{%- set text, moment = dbt.type_string(), dbt.type_timestamp() -%}
{%- set label = ml_ledger.quoted(spec.label, '_ml_labels') -%}
{%- if ml_ledger.input_problems('outcomes', ml_model, labels=labels) -%}
{{ ml_ledger.no_new_rows(ml_ledger.outcome_columns(), appends=false) }}
{%- else -%}
with

matured as (
    select
        cast({{ ml_ledger.quoted(spec.entity, '_ml_labels') }} as {{ text }}) as entity_id,
        cast({{ ml_ledger.quoted(spec.as_of, '_ml_labels') }} as {{ moment }}) as as_of,
        {%- if spec.task == 'multiclass' %}
        cast(null as {{ ml_ledger.type_double() }}) as label,
        cast({{ label }} as {{ text }}) as label_class,
        {%- else %}
        cast({{ label }} as {{ ml_ledger.type_double() }}) as label,
        cast(null as {{ text }}) as label_class,
        {%- endif %}
        cast(_ml_labels.matured_at as {{ moment }}) as matured_at
    from {{ labels }} as _ml_labels
    where
        cast(_ml_labels.matured_at as {{ moment }}) <= {{ ml_ledger.clock() }}
        and {{ label }} is not null
        {%- if spec.never %}
        and not coalesce({{ ml_ledger.quoted(spec.never, '_ml_labels') }}, false)
        {%- endif %}
),

repeated as (
    select
        entity_id,
        as_of
    from matured
    where entity_id is not null
    group by entity_id, as_of
    having count(*) > 1
),

faults as (
    select
        count(*) as _ml_repeated,
        min(entity_id || ' as of ' || cast(as_of as {{ text }})) as _ml_example
    from repeated
),

outcomes as (
    select
        predictions.decision_id,
        predictions.ml_model,
        predictions.entity_id,
        predictions.as_of,
        predictions.slot,
        predictions.share,
        predictions.version,
        predictions.decided_at,
        predictions.score,
        predictions.predicted,
        predictions.decision,
        predictions.decision_source,
        matured.label,
        matured.label_class,
        matured.matured_at
    from {{ predictions }} as predictions
    inner join matured
        on
            predictions.entity_id = matured.entity_id
            and predictions.as_of = matured.as_of
    cross join faults
    where {{ ml_ledger.fail_for_repeated_labels(ml_model, spec) }}
)

select * from outcomes
{%- endif %}
{% endmacro %}

{#
    The columns of `<ml_model>_outcomes`.
    Returns: mapping of column to SQL type.
    Example: {{ ml_ledger.union_ml_models('outcomes', ml_ledger.outcome_columns(), labelled) }}
#}
{% macro outcome_columns() %}
    {% set text, moment, double = dbt.type_string(), dbt.type_timestamp(), ml_ledger.type_double() %}
    {% do return({
        'decision_id': text,
        'ml_model': text,
        'entity_id': text,
        'as_of': moment,
        'slot': text,
        'share': double,
        'version': dbt.type_bigint(),
        'decided_at': moment,
        'score': double,
        'predicted': text,
        'decision': text,
        'decision_source': text,
        'label': double,
        'label_class': text,
        'matured_at': moment,
    }) %}
{% endmacro %}
