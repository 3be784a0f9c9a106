{#
    What each feature added to the link score of the output that is predicted, against an average training row: the sum
    of the contributions of its terms, and of the splits of trees that look at it. A pair of features is a reason of its
    own, under the name of its term. A rule cannot be taken apart: it is
    one reason, `rule`, whatever features it reads. Of an estimator nothing is known.
    Arguments: version, one element of `live_versions`.
    Returns: mapping of feature, or pair, in the order of their names, to SQL over the columns of the version's layers
    and, for trees, of `tree_paths`.
    Example: {% for feature, sql in ml_ledger.contributions_by_feature(version).items() %}
#}
{% macro contributions_by_feature(version) %}
    {% set double = ml_ledger.type_double() %}
    {% set by_feature = {} %}
    {% for output in version.outputs if not version.estimator %}
        {% set output_number = loop.index %}
        {% set of_output = {} %}
        {% set is_rule = output.terms | selectattr('feature', 'none') | list %}
        {% for term in output.terms %}
            {% set feature = 'rule' if is_rule else term.feature %}
            {% set added =
                '_ml_c' ~ output_number ~ '_' ~ loop.index ~ " - cast('" ~ term.reference ~ "' as " ~ double ~ ')' %}
            {% if term.feature is none or not is_rule %}
                {% do of_output.update(
                    {feature: of_output[feature] ~ ' + ' ~ added if feature in of_output else added}
                ) %}
            {% endif %}
        {% endfor %}
        {% for feature, added in of_output.items() %}
            {% if version.outputs | length > 1 %}
                {% set name = ml_ledger.text_literal(output.name) %}
                {% do by_feature.update({feature: by_feature.get(feature, '') ~ ' when ' ~ name ~ ' then ' ~ added}) %}
            {% else %}
                {% do by_feature.update({feature: added}) %}
            {% endif %}
        {% endfor %}
    {% endfor %}
    {% set contributions = {} %}
    {% for feature, added in by_feature | dictsort(case_sensitive=true) %}
        {% set added = 'case _ml_predicted' ~ added ~ ' end' if version.outputs | length > 1 else added %}
        {% set path = ' + coalesce(_ml_path' ~ (version.features.index(feature) + 1) ~ ', 0)'
            if version.trees and feature in version.features else '' %}
        {% do contributions.update({feature: added ~ path}) %}
    {% endfor %}
    {% do return(contributions) %}
{% endmacro %}
