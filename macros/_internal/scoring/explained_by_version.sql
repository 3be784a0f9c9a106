{#
    A common table expression `explained_<arm>` over `directed_<arm>`: the inputs as they were scored; how far each
    pushed towards the decision, against an average training row; and what else is said about them. From here on no
    column is the user's: the value of the n-th feature is `_ml_value<n>`.
    Arguments: version, one element of `live_versions`; with_texts, whether there is a column `_ml_texts`.
    Returns: SQL.
    Example: {{ ml_ledger.explained_by_version(version, with_texts=true) }}
#}
{% macro explained_by_version(version, with_texts) %}
{%- set text, features, texts = dbt.type_string(), {}, {} -%}
{%- for feature in version.features -%}
    {%- do features.update({feature: ml_ledger.quoted(feature)}) -%}
    {%- do texts.update({feature: 'cast(' ~ ml_ledger.quoted(feature) ~ ' as ' ~ text ~ ')'}) -%}
{%- endfor -%}
{%- set terms = version.outputs[0].terms | map(attribute='feature') | list -%}
explained_{{ version.arm }} as (
    select
        _ml_entity_id,
        _ml_as_of,
        _ml_bucket,
        _ml_link,
        _ml_score,
        _ml_predicted,
        {%- if version.outputs | length > 1 or version.link in ('softmax', 'shares', 'distance') %}
        {%- for output in version.outputs %}
        _ml_output{{ loop.index }},
        {%- endfor %}
        {%- endif %}
        _ml_threshold,
        _ml_direction,
        {%- if with_texts %}
        _ml_texts,
        {%- endif %}
        {%- for feature in version.features %}
        {{ features[feature] }} as _ml_value{{ loop.index }},
        {%- endfor %}
        case
            when _ml_score is null
                then {{ ml_ledger.rejected_because(terms, version.features) }}
        end as _ml_rejected_because,
        {{ ml_ledger.imputed_features(version.imputed) }} as _ml_imputed,
        {{ ml_ledger.clipped_features(version.clipped) }} as _ml_clipped,
        {% if features -%}
        case
            when _ml_score is not null then {{ ml_ledger.json_object(features) }}
            else {{ ml_ledger.json_object(texts) }}
        end as _ml_features
        {%- else -%}
        '{}' as _ml_features
        {%- endif %}
        {%- for feature, contribution in ml_ledger.contributions_by_feature(version).items() %},
        ({{ contribution }}) * _ml_direction as _ml_push{{ loop.index }}
        {%- endfor %}
    from directed_{{ version.arm }}
),
{%- endmacro %}
