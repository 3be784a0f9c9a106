{#
    The scores of all outputs of a version, as a JSON object from class (a probability) or cluster (a distance) to
    score; where an exposure is declared the score per unit of it, as `rate`; NULL where there is one output, or no
    score.
    Arguments: version, one element of `live_versions`.
    Returns: SQL.
    Example: {{ ml_ledger.output_scores(version) }} as output_scores
#}
{% macro output_scores(version) -%}
{%- if version.link in ('softmax', 'shares', 'distance') -%}
    {%- set scores = {} -%}
    {%- for output in version.outputs -%}
        {%- do scores.update({output.name: '_ml_output' ~ loop.index}) -%}
    {%- endfor -%}
case when _ml_score is not null then {{ ml_ledger.json_object(scores) }} end
{%- elif version.exposure in version.features -%}
{%- set rate = '_ml_score / _ml_value' ~ (version.features.index(version.exposure) + 1) -%}
case when _ml_score is not null then {{ ml_ledger.json_object({'rate': rate}) }} end
{%- else -%}
cast(null as {{ dbt.type_string() }})
{%- endif -%}
{%- endmacro %}
