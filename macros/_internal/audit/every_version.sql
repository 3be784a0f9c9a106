{#
    All versions of an ML model, or some, with what scoring needs of them: like `live_versions`, which reads those that
    are live. Read while the project compiles; unit tests override this macro.
    Arguments: ml_model, its name; versions, the relation ml_versions; numbers, list of versions, or none for all.
    Returns: list of mappings: version, threshold, actions (the policy), link, features, kinds (mapping of feature to
    kind), outputs, layers, trees, estimator; see `live_versions`.
    Example: {% set versions = ml_ledger.every_version('repurchase', ref('ml_versions')) %}
#}
{% macro every_version(ml_model, versions, numbers=none) %}
    {% set found = [] %}
    {% if execute and load_relation(versions) is not none %}
        {% set query %}
            select
                version,
                cast(threshold as {{ dbt.type_string() }}) as threshold_text,
                scoring,
                spec
            from {{ versions }}
            where ml_model = '{{ ml_model }}'
            order by version
        {% endset %}
        {% for row in run_query(query) if numbers is none or row['version'] | int in numbers %}
            {% set scoring, spec = ml_ledger.scoring_of_version(row['scoring']), fromjson(row['spec']) %}
            {% set kinds = {} %}
            {% for feature in scoring.features %}
                {% do kinds.update({feature: spec.features[feature].kind}) %}
            {% endfor %}
            {% do found.append({
                'version': row['version'] | int,
                'threshold': row['threshold_text'],
                'actions': spec.decision,
                'link': scoring.link,
                'features': scoring.features,
                'kinds': kinds,
                'outputs': scoring.outputs,
                'layers': scoring.layers,
                'trees': scoring.trees,
                'estimator': scoring.estimator,
            }) %}
        {% endfor %}
    {% endif %}
    {% do return(found) %}
{% endmacro %}
