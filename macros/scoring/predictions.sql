{#
    The predictions of an ML model: every entity of the latest as-of date at the clock that has none yet, decided for by
    one arm (the champion, a challenger or the control group, by the entity's bucket) and scored by every shadow,
    appended. Stops where keys are of a type that has several texts for one value, or written in another way than those
    that were decided before. Each row carries the hash of its content; that of the person's values is computed with a
    salt, so that they can be erased (docs/record.md).

    Arguments: ml_model, its name; features, relation with one row per entity and as-of date; versions and
    deployments, relations of its nodes; reason_texts, a relation with words for reasons (see `reason_text_map`), or
    none; scores, the relation of its scores node, needed where versions are estimators (family `python`).
    Returns: SQL, and configures the dbt model: incremental, append, full_refresh false.
    Example: see models/repurchase/scoring/repurchase_predictions.sql
#}
{% macro predictions(ml_model, features=none, versions=none, deployments=none, reason_texts=none, scores=none) %}
{%- do ml_ledger.appended() -%}
{%- set versions = ml_ledger.own_node(versions, ml_model, 'versions') -%}
{%- set deployments = ml_ledger.own_node(deployments, ml_model, 'deployments') -%}
{%- set features = ml_ledger.declared_relation(features, ml_model, 'features', required=true) -%}
{%- set reason_texts = ml_ledger.declared_relation(reason_texts, ml_model, 'reason_texts') -%}
{%- set spec = ml_ledger.ml_model_spec(ml_model) -%}
{%- if scores is none and spec.relations is not none and ml_ledger.has_own_estimator(spec) -%}
    {%- set scores = ml_ledger.own_node(none, ml_model, 'scores') -%}
{%- endif -%}
{%- if execute -%}
{{ ml_ledger.predictions_query(ml_model, spec, features, versions, deployments, reason_texts, scores) }}
{%- endif -%}
{% endmacro %}

{#
    The rows that `predictions` appends; dbt needs no more of it than its relations while it parses.
    Arguments: as of `predictions`; spec, the declaration.
    Returns: SQL.
#}
{% macro predictions_query(ml_model, spec, features, versions, deployments, reason_texts, scores) %}
{%- set problems = ml_ledger.input_problems('predictions', ml_model, features=features) -%}
{%- if is_incremental() and not problems -%}
    {%- do ml_ledger.refuse_other_entities(ml_model, spec, features, ml_ledger.rows_so_far()) -%}
{%- endif -%}
{%- set live = [] if problems else ml_ledger.live_versions(versions, deployments, features) -%}
{%- set scoring = live | rejectattr('version', 'none') | list -%}
{#- While the declaration says nothing of them that can be read, classes are those of what is live. -#}
{%- set classes = spec.classes or (live | map(attribute='classes', default=none) | select | list + [none])[0] -%}
{%- set columns = ml_ledger.prediction_columns(classes) -%}
{%- if problems -%}
{%- set text = dbt.type_string() -%}
{{ ml_ledger.no_new_rows(dict(columns, values_salt=text, content_hash=text)) }}
{%- else -%}
with {{ 'recursive ' if scoring | selectattr('trees') | list }}

{{ ml_ledger.entities_to_decide(ml_model, spec, features, scoring) }}

{% if reason_texts is not none -%}
reason_texts as (
    {{ ml_ledger.reason_text_map(reason_texts) }}
),

{% endif -%}
{% for control in live if control.version is none -%}
{{ ml_ledger.control_group(spec, control, classes) }},

{% endfor -%}
{% for version in scoring -%}
{% if version.estimator -%}
{{ ml_ledger.estimated_entities(ml_model, version, scores) }}

{% endif -%}
{{ ml_ledger.scored_by_version(version, versions, classes, with_texts=reason_texts is not none) }},

{% endfor -%}
predictions as (
    {%- for arm in live %}
    select * from decided_{{ arm.arm }}
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- else %}
    {{ ml_ledger.no_predictions(classes) }}
    {%- endfor %}
),

{{ ml_ledger.undecided_predictions(ml_model, columns) }}

select
    {%- for column in columns if column != 'values_hash' %}
    {{ column }},
    {%- endfor %}
    values_salt,
    cast(null as {{ dbt.type_string() }}) as values_hash,
    {{ ml_ledger.prediction_hash('', columns, '_ml_values_hash') }} as content_hash
from identified
{%- endif %}
{% endmacro %}

{#
    Common table expressions that end in `entities`: the rows of the latest as-of date at the clock, with their buckets.
    Arguments: ml_model, its name; spec, its declaration; features, relation; scoring, the live versions.
    Returns: SQL.
#}
{% macro entities_to_decide(ml_model, spec, features, scoring) -%}
{%- set entity = ml_ledger.quoted(spec.entity, '_ml_features') -%}
{%- set as_of = ml_ledger.quoted(spec.as_of, '_ml_features') -%}
latest as (
    select max({{ as_of }}) as _ml_as_of
    from {{ features }} as _ml_features
    where {{ as_of }} <= {{ ml_ledger.clock() }}
),

latest_features as (
    select
        cast({{ entity }} as {{ dbt.type_string() }}) as _ml_entity_id,
        cast({{ as_of }} as {{ dbt.type_timestamp() }}) as _ml_as_of
        {%- for feature in scoring | map(attribute='features') | sum(start=[]) | unique %},
        {{ ml_ledger.quoted(feature, '_ml_features') }}
        {%- endfor %}
    from {{ features }} as _ml_features
    inner join latest
        on {{ as_of }} = latest._ml_as_of
),

faults as (
    select count(*) - count(distinct _ml_entity_id) as _ml_surplus_rows
    from latest_features
),

-- Decisions are never changed, so a row without an entity, or an entity twice, stops the build.
entities as (
    select
        latest_features.*,
        {{ ml_ledger.bucket(ml_model, '_ml_entity_id') }} as _ml_bucket
    from latest_features
    cross join faults
    where {{ ml_ledger.fail_when(
        'faults._ml_surplus_rows > 0',
        "'" ~ ml_model ~ ": an entity must occur once at the as-of date that is scored; got ' ||"
            ~ " faults._ml_surplus_rows || "
            ~ ml_ledger.text_literal(
                ' rows with a NULL or repeated ' ~ spec.entity ~ '. Nothing was written. Fix: make the feature model'
                    ~ ' unique'
                ~ ' and not null on ' ~ spec.entity ~ ' and ' ~ spec.as_of ~ '.'
            ),
    ) }}
),
{%- endmacro %}

{#
    Stop where the entities of the latest as-of date are written in another way than those that were decided last: each
    would be taken for another one, and decided for twice.
    Arguments: ml_model, its name; spec, its declaration; features and so_far, relations; nothing happens where one is
    not built.
    Returns: nothing.
#}
{% macro refuse_other_entities(ml_model, spec, features, so_far) %}
    {% if ml_ledger.column_types(features) and ml_ledger.column_types(so_far) %}
        {% set as_of = ml_ledger.quoted(spec.as_of) %}
        {% do ml_ledger.refuse_other_spelling(
            'predictions',
            ml_model,
            {
                'where': 'features',
                'keys': 'select cast(' ~ ml_ledger.quoted(spec.entity) ~ ' as ' ~ dbt.type_string()
                    ~ ') as _ml_key from '
                    ~ features ~ ' as _ml_features where ' ~ as_of ~ ' = (select max(' ~ as_of ~ ') from ' ~ features
                    ~ ' as _ml_features where ' ~ as_of ~ ' <= ' ~ ml_ledger.clock() ~ ')',
            },
            {
                'where': 'what was decided before',
                'keys': 'select entity_id as _ml_key from ' ~ so_far
                    ~ ' as earlier where as_of = (select max(as_of) from '
                    ~ so_far ~ ' as earlier)',
            },
        ) %}
    {% endif %}
{% endmacro %}

{#
    Common table expressions that end in `identified`: the `predictions` that were not made before, with their ids and
    the hash of their values.
    Arguments: ml_model, its name; columns, as `prediction_columns` gives them.
    Returns: SQL.
#}
{% macro undecided_predictions(ml_model, columns) -%}
-- An entity is decided for once per as-of date, by whichever arm; every shadow scores it once.
undecided as (
    select
        predictions.*,
        {{ ml_ledger.random_text() }} as values_salt,
        {{ ml_ledger.clock() }} as decided_at,
        {{ ml_ledger.wall_clock() }} as recorded_at
    from predictions
    {%- if is_incremental() %}
    where not exists (
        select 1
        from {{ ml_ledger.rows_so_far() }} as earlier
        where
            earlier.entity_id = predictions.entity_id
            and earlier.as_of = predictions.as_of
            and (earlier.slot = 'shadow') = (predictions.slot = 'shadow')
            and (earlier.slot <> 'shadow' or earlier.version = predictions.version)
    )
    {%- endif %}
),

identified as (
    select
        {{ dbt.hash(
            "undecided.values_salt || '|" ~ ml_model ~ "|' || undecided.slot || '|' || undecided.entity_id"
            ~ " || '|' || cast(undecided.as_of as " ~ dbt.type_string() ~ ')'
        ) }} as decision_id,
        '{{ ml_model }}' as ml_model,
        undecided.*,
        '{{ invocation_id }}' as invocation_id,
        cast({{ ml_ledger.hash_format() }} as {{ dbt.type_bigint() }}) as hash_format,
        {{ ml_ledger.values_hash('undecided.', columns) }} as _ml_values_hash
    from undecided
)
{%- endmacro %}
