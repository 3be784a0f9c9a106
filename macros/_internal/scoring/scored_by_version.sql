{#
    Common table expressions that score `entities` (of an estimator `estimated_<arm>`) with one live version: its layers
    of SQL leave contributions, link scores and scores as columns; the policy makes decisions of them. A row whose score
    is not a finite number is rejected: it gets no score and the fallback decision, and its inputs are kept as texts,
    since JSON has no NaN.

    An arm is a version in a slot; it scores the entities whose buckets are its own, a shadow all of them.

    Arguments: version, one element of `live_versions`; versions, the relation of the ML model's
    versions node; classes, the declared classes of a task multiclass; with_texts,
    whether there is an expression `reason_texts`.
    Returns: SQL: layer<n>_<arm>, directed_<arm>, explained_<arm>, decided_<arm>; see also `ranked_by_push` and, for
    trees, `tree_paths`.
    Example: {{ ml_ledger.scored_by_version(version, versions) }}
#}
{% macro scored_by_version(version, versions, classes=none, with_texts=false) %}
{%- set arm = version.arm -%}
{%- set text, double = dbt.type_string(), ml_ledger.type_double() -%}
{%- set values, pushes = {}, {} -%}
{%- for feature in version.features -%}
    {%- do values.update({feature: '_ml_value' ~ loop.index}) -%}
{%- endfor -%}
{%- for feature in ml_ledger.contributions_by_feature(version) -%}
    {%- do pushes.update({feature: '_ml_push' ~ loop.index}) -%}
{%- endfor -%}
{%- set last_layer = 'layer' ~ version.layers | length ~ '_' ~ arm -%}
{{ ml_ledger.layers_of_version(version) }}

{%- if version.trees %}
{{ ml_ledger.tree_paths(version, versions, last_layer) }}

{% endif -%}
{{ ml_ledger.directed_by_version(version, pushes, with_texts) }}

{{ ml_ledger.explained_by_version(version, with_texts) }}

{{ ml_ledger.ranked_by_push(arm, pushes, version.reasons) }}

decided_{{ arm }} as (
    select
        _ml_entity_id as entity_id,
        _ml_as_of as as_of,
        '{{ version.slot }}' as slot,
        cast({{ version.share }} as {{ double }}) as share,
        _ml_bucket as bucket,
        cast({{ version.version }} as {{ dbt.type_bigint() }}) as version,
        '{{ version.deployment_id }}' as deployment_id,
        case when _ml_score is null then 'rejected' else 'scored' end as status,
        _ml_rejected_because as rejected_because,
        _ml_link as link_score,
        _ml_score as score,
        _ml_predicted as predicted,
        {{- ml_ledger.class_probabilities(classes, version) }}
        {{ ml_ledger.output_scores(version) }} as output_scores,
        _ml_threshold as threshold,
        {{ ml_ledger.decided_action(version) }} as decision,
        {{ ml_ledger.decision_source(version) }} as decision_source,
        case
            when _ml_score is not null
                then {{ ml_ledger.top_reasons(
                    '_ml_strongest', pushes, '_ml_direction', values, version.reasons, with_texts
                ) }}
        end as reasons,
        _ml_features as features,
        _ml_imputed as imputed_features,
        _ml_clipped as clipped_features
    from ranked_{{ arm }}
)
{%- endmacro %}

{#
    The layers of a version, each a common table expression layer<n>_<arm> over the one before it.
    Arguments: version, as of `scored_by_version`.
    Returns: SQL.
#}
{% macro layers_of_version(version) -%}
{%- set arm = version.arm -%}
{%- set source = 'estimated_' ~ arm if version.estimator else 'entities' -%}
{%- for layer in version.layers -%}
layer{{ loop.index }}_{{ arm }} as (
    select
        {%- if loop.first %}
        _ml_entity_id,
        _ml_as_of,
        _ml_bucket
        {%- for feature in version.features %},
        {{ ml_ledger.quoted(feature) }}
        {%- endfor %}
        {%- for _ in (version.estimator or {}).outputs or [] %},
        _ml_onnx{{ loop.index }}
        {%- endfor %}
        {%- else %}
        *
        {%- endif %}
        {%- for column, sql in layer.items() %},
        {{ sql }} as {{ column }}
        {%- endfor %}
    from {{ source if loop.first else 'layer' ~ (loop.index - 1) ~ '_' ~ arm }}
    {%- if loop.first and version.buckets %}
    where _ml_bucket >= {{ version.buckets[0] }} and _ml_bucket < {{ version.buckets[1] }}
    {%- endif %}
),

{% endfor -%}
{%- endmacro %}

{#
    The common table expression directed_<arm> over the last layer of a version.
    Arguments: version and with_texts, as of `scored_by_version`; pushes, mapping of feature to the column of its push.
    Returns: SQL.
#}
{% macro directed_by_version(version, pushes, with_texts) -%}
{%- set arm, double = version.arm, ml_ledger.type_double() -%}
{%- set last_layer = 'layer' ~ version.layers | length ~ '_' ~ arm -%}
-- 1 where a high link score speaks for the decision, -1 where a low one does.
directed_{{ arm }} as (
    select
        scored.*,
        {%- set threshold = 'null' if version.threshold is none else "'" ~ version.threshold ~ "'" %}
        cast({{ threshold }} as {{ double }}) as _ml_threshold,
        {{ ml_ledger.decision_direction(version) }} as _ml_direction
        {%- if with_texts %},
        reason_texts._ml_texts
        {%- endif %}
        {%- if version.trees %}
        {%- for feature in version.features %},
        paths._ml_path{{ loop.index }}
        {%- endfor %}
    from {{ last_layer }} as scored
    left join paths_{{ arm }} as paths
        on scored._ml_entity_id = paths._ml_entity_id
        {%- else %}
    from {{ last_layer }} as scored
        {%- endif %}
        {%- if with_texts %}
    cross join (
        select {{ ml_ledger.reason_texts_by_push(pushes) }} as _ml_texts
        from reason_texts
    ) as reason_texts
        {%- endif %}
),
{%- endmacro %}
