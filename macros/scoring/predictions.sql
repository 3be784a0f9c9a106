{#
    The predictions of an ML model: every entity of the latest as-of date at the clock that has none yet, scored by
    the version that is live in each slot, appended.

    Arguments: ml_model, its name; features, relation with one row per entity and as-of date; versions and
    deployments, relations of its nodes; reason_texts, a relation with words for reasons (see `reason_text_map`), or none;
    scores, the relation of its scores node, needed where versions are estimators (family `python`).
    Returns: SQL. For an incremental dbt model with the strategy append and full_refresh false.
    Example: see models/repurchase/scoring/repurchase_predictions.sql
#}
{% macro predictions(ml_model, features, versions, deployments, reason_texts=none, scores=none) %}
{%- set spec = ml_ledger.ml_model_spec(ml_model) -%}
{%- set live = ml_ledger.live_versions(versions, deployments, features) -%}
with {{ 'recursive ' if live | selectattr('trees') | list }}

latest as (
    select max({{ spec.as_of }}) as _ml_as_of
    from {{ features }}
    where {{ spec.as_of }} <= {{ ml_ledger.clock() }}
),

latest_features as (
    select
        cast(features.{{ spec.entity }} as {{ dbt.type_string() }}) as _ml_entity_id,
        cast(features.{{ spec.as_of }} as {{ dbt.type_timestamp() }}) as _ml_as_of,
        features.*
    from {{ features }} as features
    inner join latest
        on features.{{ spec.as_of }} = latest._ml_as_of
),

{% if reason_texts is not none -%}
reason_texts as (
    {{ ml_ledger.reason_text_map(reason_texts) }}
),

{% endif -%}
faults as (
    select count(*) - count(distinct _ml_entity_id) as _ml_surplus_rows
    from latest_features
),

-- Decisions are never changed, so a row without an entity, or an entity twice, stops the build.
entities as (
    select latest_features.*
    from latest_features
    cross join faults
    where {{ ml_ledger.fail_when(
        'faults._ml_surplus_rows > 0',
        "'" ~ ml_model ~ ": an entity must occur once at the as-of date that is scored; got ' || faults._ml_surplus_rows"
            ~ " || ' rows with a NULL or repeated " ~ spec.entity ~ ". Nothing was written. Fix: make the feature model"
            ~ " unique and not null on " ~ spec.entity ~ " and " ~ spec.as_of ~ ".'",
    ) }}
),

{% for version in live -%}
{% if version.estimator -%}
{{ ml_ledger.estimated_entities(ml_model, version, scores) }}

{% endif -%}
{{ ml_ledger.scored_by_version(version, versions, spec.get('classes'), with_texts=reason_texts is not none) }},

{% endfor -%}
predictions as (
    {%- for version in live %}
    select * from decided_{{ version.slot }}
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- else %}
    {{ ml_ledger.no_predictions(spec.get('classes')) }}
    {%- endfor %}
)

select
    {{ dbt.hash("'" ~ ml_model ~ "|' || predictions.slot || '|' || predictions.entity_id || '|' || cast(predictions.as_of as "
        ~ dbt.type_string() ~ ")") }} as decision_id,
    '{{ ml_model }}' as ml_model,
    predictions.entity_id,
    predictions.as_of,
    predictions.slot,
    predictions.version,
    predictions.deployment_id,
    predictions.status,
    predictions.rejected_because,
    predictions.link_score,
    predictions.score,
    predictions.predicted,
    {{- ml_ledger.class_probabilities(spec.get('classes'), prefix='predictions.') }}
    predictions.output_scores,
    predictions.threshold,
    predictions.decision,
    predictions.reasons,
    predictions.features,
    predictions.imputed_features,
    predictions.clipped_features,
    {{ ml_ledger.clock() }} as decided_at,
    {{ ml_ledger.wall_clock() }} as recorded_at,
    '{{ invocation_id }}' as invocation_id
from predictions
{%- if is_incremental() %}
where not exists (
    select 1
    from {{ ml_ledger.rows_so_far() }} as earlier
    where
        earlier.entity_id = predictions.entity_id
        and earlier.as_of = predictions.as_of
        and earlier.slot = predictions.slot
)
{%- endif %}
{% endmacro %}

{#
    The columns of `predictions` before they get their identifiers, with no row: while no version is live.
    Arguments: classes, the declared classes or none.
    Returns: SQL, a select.
#}
{% macro no_predictions(classes) -%}
select
        _ml_entity_id as entity_id,
        _ml_as_of as as_of,
        cast(null as {{ dbt.type_string() }}) as slot,
        cast(null as {{ dbt.type_bigint() }}) as version,
        cast(null as {{ dbt.type_string() }}) as deployment_id,
        cast(null as {{ dbt.type_string() }}) as status,
        cast(null as {{ dbt.type_string() }}) as rejected_because,
        cast(null as {{ ml_ledger.type_double() }}) as link_score,
        cast(null as {{ ml_ledger.type_double() }}) as score,
        cast(null as {{ dbt.type_string() }}) as predicted,
        {{- ml_ledger.class_probabilities(classes) }}
        cast(null as {{ dbt.type_string() }}) as output_scores,
        cast(null as {{ ml_ledger.type_double() }}) as threshold,
        cast(null as {{ dbt.type_string() }}) as decision,
        cast(null as {{ dbt.type_string() }}) as reasons,
        cast(null as {{ dbt.type_string() }}) as features,
        cast(null as {{ dbt.type_string() }}) as imputed_features,
        cast(null as {{ dbt.type_string() }}) as clipped_features
    from entities
    where 1 = 0
{%- endmacro %}
