{#
    The compiled scoring of a version of any release, in the form of the latest format, such that every score is a
    finite number: of link log, layers that earlier releases stored give infinity for large link scores. The same in
    Python: CompiledScoring.from_json.
    Arguments: text, the column `scoring` of a version.
    Returns: mapping: link, features, outputs, layers, trees, estimator; see `live_versions`.
    Example: {% set scoring = ml_ledger.scoring_of_version(row['scoring']) %}
#}
{% macro scoring_of_version(text) %}
    {% set scoring = fromjson(text) %}
    {% if scoring.format_version == 1 %}{% set scoring = ml_ledger.scoring_of_format_1(scoring) %}{% endif %}
    {% if scoring.link == 'log' %}
        {% for layer in scoring.layers if '_ml_output1' in layer %}
            {% do layer.update({
                '_ml_output1': 'case when abs(_ml_link1) <= ' ~ ml_ledger.largest_double() ~ ' and _ml_link1 <= '
                    ~ ml_ledger.largest_logarithm() ~ ' then exp(_ml_link1) end'
            }) %}
        {% endfor %}
    {% endif %}
    {% do return(scoring) %}
{% endmacro %}
