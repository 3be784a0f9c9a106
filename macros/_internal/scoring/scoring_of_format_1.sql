{#
    The compiled scoring of a version that was stored in format 1 (one output, a list of terms), in the form of format
    2.
    Arguments: scoring, what is stored on the version, parsed.
    Returns: mapping.
    Example: {% set scoring = ml_ledger.scoring_of_format_1(scoring) %}
#}
{% macro scoring_of_format_1(scoring) %}
    {% set inverse = {'logit': '1 / (1 + exp(-_ml_link1))', 'log': 'exp(_ml_link1)', 'identity': '_ml_link1'} %}
    {% set contributions, link = {}, [scoring.intercept] %}
    {% for term in scoring.terms %}
        {% do contributions.update({'_ml_c1_' ~ loop.index: term.expression}) %}
        {% do link.append('_ml_c1_' ~ loop.index) %}
    {% endfor %}
    {% set layers = [contributions] if contributions else [] %}
    {% do layers.append({'_ml_link1': link | join(' + ')}) %}
    {% do layers.append({
        '_ml_output1': 'case when abs(_ml_link1) <= ' ~ ml_ledger.largest_double() ~ ' then ' ~ inverse[scoring.link]
            ~ ' end'
    }) %}
    {% do layers.append({
        '_ml_link': 'case when _ml_output1 is not null then _ml_link1 end',
        '_ml_score': '_ml_output1',
        '_ml_predicted': 'cast(null as ' ~ dbt.type_string() ~ ')',
    }) %}
    {% do return({
        'link': scoring.link,
        'features': scoring.terms | map(attribute='feature') | unique | list,
        'outputs': [{'name': 'score', 'base': scoring.base, 'terms': scoring.terms}],
        'layers': layers,
        'trees': 0,
    }) %}
{% endmacro %}
