{#
    Common table expressions that score `entities` with one live version: contributions are columns, their sum through
    the link is the score, the threshold makes it a decision. A row whose score is not a finite number is rejected: it
    gets no score and the fallback decision, and its inputs are kept as texts, since JSON has no NaN.

    Arguments: version, one element of `live_versions`.
    Returns: SQL: contributions_<slot>, linked_<slot>, scored_<slot>, explained_<slot>, decided_<slot>.
    Example: {{ ml_ledger.scored_by_version(version) }}
#}
{% macro scored_by_version(version) %}
{%- set slot = version.slot -%}
{%- set actions = version.actions -%}
{%- set double = ml_ledger.type_double() -%}
{%- set features = {} -%}
{%- set texts = {} -%}
{%- set pushes = {} -%}
{%- for term in version.terms -%}
    {%- do features.update({term.feature: adapter.quote(term.feature)}) -%}
    {%- do texts.update({term.feature: 'cast(' ~ adapter.quote(term.feature) ~ ' as ' ~ dbt.type_string() ~ ')'}) -%}
    {%- do pushes.update({term.feature: '_ml_push' ~ loop.index}) -%}
{%- endfor -%}
contributions_{{ slot }} as (
    select
        *
        {%- for term in version.terms %},
        {{ term.expression }} as _ml_c{{ loop.index }}
        {%- endfor %}
    from entities
),

linked_{{ slot }} as (
    select
        *,
        {{ version.intercept }}
        {%- for term in version.terms %}
        + _ml_c{{ loop.index }}
        {%- endfor %} as _ml_link
    from contributions_{{ slot }}
),

scored_{{ slot }} as (
    select
        *,
        case
            when abs(_ml_link) <= {{ ml_ledger.largest_double() }}
                then {{ ml_ledger.inverse_link(version.link, '_ml_link') }}
        end as _ml_score,
        cast({{ "'" ~ version.threshold ~ "'" if actions else 'null' }} as {{ double }}) as _ml_threshold
    from linked_{{ slot }}
),

directed_{{ slot }} as (
    select
        *,
        {% if actions -%}
        case when _ml_score >= _ml_threshold then 1 else -1 end as _ml_direction
        {%- else -%}
        case when _ml_link >= {{ version.base }} then 1 else -1 end as _ml_direction
        {%- endif %}
    from scored_{{ slot }}
),

-- The inputs as they were scored; and how far each pushed towards the decision, against an average training row.
explained_{{ slot }} as (
    select
        *,
        {% if features -%}
        case
            when _ml_score is not null then {{ ml_ledger.json_object(features) }}
            else {{ ml_ledger.json_object(texts) }}
        end as _ml_features
        {%- else -%}
        '{}' as _ml_features
        {%- endif %}
        {%- for term in version.terms %},
        (_ml_c{{ loop.index }} - cast('{{ term.reference }}' as {{ double }})) * _ml_direction as _ml_push{{ loop.index }}
        {%- endfor %}
    from directed_{{ slot }}
),

decided_{{ slot }} as (
    select
        _ml_entity_id as entity_id,
        _ml_as_of as as_of,
        '{{ slot }}' as slot,
        cast({{ version.version }} as {{ dbt.type_bigint() }}) as version,
        '{{ version.deployment_id }}' as deployment_id,
        case when _ml_score is null then 'rejected' else 'scored' end as status,
        case
            when _ml_score is null
                then {{ ml_ledger.rejected_because(version.terms | map(attribute='feature') | list) }}
        end as rejected_because,
        _ml_score as score,
        _ml_threshold as threshold,
        {% if actions -%}
        case
            when _ml_score >= _ml_threshold then {{ dbt.string_literal(dbt.escape_single_quotes(actions.positive)) }}
            when _ml_score < _ml_threshold then {{ dbt.string_literal(dbt.escape_single_quotes(actions.negative)) }}
            else {{ dbt.string_literal(dbt.escape_single_quotes(actions.fallback)) }}
        end as decision,
        {%- else -%}
        cast(null as {{ dbt.type_string() }}) as decision,
        {%- endif %}
        case
            when _ml_score is not null
                then {{ ml_ledger.top_reasons(pushes, '_ml_direction', '_ml_features', version.reasons) }}
        end as reasons,
        _ml_features as features,
        {{ ml_ledger.imputed_features(version.imputed) }} as imputed_features,
        {{ ml_ledger.clipped_features(version.clipped) }} as clipped_features
    from explained_{{ slot }}
)
{%- endmacro %}
