{#
    A common table expression `decided_control`: the entities that no version decides for, each with the action that the
    declaration has for them (`experiment.control_action`, by default the fallback of the policy).
    Arguments: spec, the declaration; control, the element of `live_versions` whose slot is control;
    classes, of a task multiclass, or none.
    Returns: SQL.
    Example: {{ ml_ledger.control_group(spec, control) }}
#}
{% macro control_group(spec, control, classes=none) -%}
{%- set text, double = dbt.type_string(), ml_ledger.type_double() -%}
{%- set action = spec.experiment.control_action or (spec.decision.fallback if spec.decision else none) -%}
decided_control as (
    select
        _ml_entity_id as entity_id,
        _ml_as_of as as_of,
        'control' as slot,
        cast({{ control.share }} as {{ double }}) as share,
        _ml_bucket as bucket,
        cast(null as {{ dbt.type_bigint() }}) as version,
        '{{ control.deployment_id }}' as deployment_id,
        'control' as status,
        cast(null as {{ text }}) as rejected_because,
        cast(null as {{ double }}) as link_score,
        cast(null as {{ double }}) as score,
        cast(null as {{ text }}) as predicted,
        {{- ml_ledger.class_probabilities(classes) }}
        cast(null as {{ text }}) as output_scores,
        cast(null as {{ double }}) as threshold,
        cast({{ ml_ledger.text_literal(action) if action else 'null' }} as {{ text }}) as decision,
        'control' as decision_source,
        cast(null as {{ text }}) as reasons,
        '{}' as features,
        '' as imputed_features,
        '' as clipped_features
    from entities
    where _ml_bucket >= {{ control.buckets[0] }} and _ml_bucket < {{ control.buckets[1] }}
)
{%- endmacro %}
