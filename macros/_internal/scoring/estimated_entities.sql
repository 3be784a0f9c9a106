{#
    Common table expressions that give `entities` the scores of a live version that is an estimator, as `_ml_onnx1`,
    `_ml_onnx2`, ..., which its layers read: NULL where it does not accept an entity. An entity without a row in the
    scores stops the build, since it would be rejected for good.

    Arguments: ml_model, its name; version, one element of `live_versions` with an `estimator`; scores, the relation of
    the ML model's scores node, or none.
    Returns: SQL: estimates_<arm>, estimated_<arm>.
    Example: {{ ml_ledger.estimated_entities('tickets', version, ref('tickets_scores')) }}
#}
{% macro estimated_entities(ml_model, version, scores) %}
{%- set arm, slot, double = version.arm, version.slot, ml_ledger.type_double() -%}
{%- if scores is none -%}
    {%- do exceptions.raise_compiler_error(
        'version ' ~ version.version ~ ' of ' ~ ml_model ~ ' is live as ' ~ slot
            ~ " and is an estimator (family 'python'),"
        ~ ' whose scores SQL cannot compute. Fix: add the node ' ~ ml_model
        ~ '_scores.py (docs/declaring.md, "An estimator'
        ~ ' of your own"), and give ml_ledger.predictions the argument scores=ref(' ~ "'" ~ ml_model ~ "_scores')."
    ) -%}
{%- endif -%}
estimates_{{ arm }} as (
    select
        entity_id as _ml_entity_id,
        as_of as _ml_as_of
        {%- for output in version.estimator.outputs %},
        max(case when output = {{ ml_ledger.text_literal(output) }} then score end)
            as _ml_onnx{{ loop.index }}
        {%- endfor %}
    from {{ scores }}
    where slot = '{{ slot }}' and version = {{ version.version }}
    group by entity_id, as_of
),

estimated_{{ arm }} as (
    select
        entities.*
        {%- for output in version.estimator.outputs %},
        estimates._ml_onnx{{ loop.index }}
        {%- endfor %}
    from entities
    left join estimates_{{ arm }} as estimates
        on
            entities._ml_entity_id = estimates._ml_entity_id
            and entities._ml_as_of = estimates._ml_as_of
    where {{ ml_ledger.fail_when(
        'estimates._ml_entity_id is null',
        "'" ~ ml_model ~ ': ' ~ scores ~ ' has no row of version ' ~ version.version ~ ' as ' ~ slot
            ~ " for entity ' || entities._ml_entity_id || ' at ' || cast(entities._ml_as_of as " ~ dbt.type_string()
            ~ ") || '. Nothing was written. Fix: build it before the predictions, at the same clock: dbt build"
            ~ " --select +"
            ~ ml_model ~ "_predictions.'",
    ) }}
),
{%- endmacro %}
