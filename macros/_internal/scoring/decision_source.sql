{#
    Where the decision of a row comes from: 'policy' of the version; 'fallback', since there is no score; 'paused', the
    fallback while the ML model is paused; 'none', nothing was decided: by a shadow, or by a version without a policy.
    (Without any version: 'control'.)
    Arguments: version, one element of `live_versions`.
    Returns: SQL over `_ml_score`.
    Example: {{ ml_ledger.decision_source(version) }} as decision_source
#}
{% macro decision_source(version) -%}
{%- if not version.actions or version.slot == 'shadow' -%}
'none'
{%- elif version.paused -%}
'paused'
{%- else -%}
case when _ml_score is null then 'fallback' else 'policy' end
{%- endif -%}
{%- endmacro %}
