{#
    1 where a higher link score speaks for the decision that was made, -1 where a lower one does: the side of the
    threshold; without a policy the side of an average training row; for classes always 1, and for clusters, whose link
    score is a squared distance, always -1.
    Arguments: version, one element of `live_versions`.
    Returns: SQL.
    Example: {{ ml_ledger.decision_direction(version) }} as _ml_direction
#}
{% macro decision_direction(version) -%}
{%- if version.link == 'distance' -%}
-1
{%- elif version.outputs | length > 1 or version.link in ('softmax', 'shares') -%}
1
{%- elif version.threshold is not none -%}
case when _ml_score >= cast('{{ version.threshold }}' as {{ ml_ledger.type_double() }}) then 1 else -1 end
{%- else -%}
case when _ml_link >= {{ version.outputs[0].base }} then 1 else -1 end
{%- endif -%}
{%- endmacro %}
