{#
    The action of a row by the policy of its version: by the side of the threshold, or by the predicted class; the
    fallback where there is no score, and everywhere while the ML model is paused; NULL where the version has no policy,
    and for a shadow, which never decides.
    Arguments: version, one element of `live_versions`.
    Returns: SQL over `_ml_score`, `_ml_threshold` and `_ml_predicted`.
    Example: {{ ml_ledger.decided_action(version) }} as decision
#}
{% macro decided_action(version) -%}
{%- set policy = version.actions -%}
{%- if not policy or version.slot == 'shadow' -%}
cast(null as {{ dbt.type_string() }})
{%- elif version.paused -%}
{{ ml_ledger.text_literal(policy.fallback) }}
{%- elif policy.actions -%}
case
            when _ml_score is null then {{ ml_ledger.text_literal(policy.fallback) }}
            {%- for class, action in policy.actions.items() %}
            when _ml_predicted = {{ ml_ledger.text_literal(class) }}
                then {{ ml_ledger.text_literal(action) }}
            {%- endfor %}
            else {{ ml_ledger.text_literal(policy.fallback) }}
        end
{%- else -%}
case
            when _ml_score >= _ml_threshold then {{ ml_ledger.text_literal(policy.positive) }}
            when _ml_score < _ml_threshold then {{ ml_ledger.text_literal(policy.negative) }}
            else {{ ml_ledger.text_literal(policy.fallback) }}
        end
{%- endif -%}
{%- endmacro %}
