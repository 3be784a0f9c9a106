{#
    The versions that are live in a slot of an ML model at the clock, with what scoring needs of them. This is the one
    query that the project runs while it compiles; unit tests override this macro.

    Arguments: ml_model, its name; versions and deployments, relations of its nodes.
    Returns: list of mappings: version, slot, share, threshold, actions (positive, negative, fallback), reasons (how
    many), link, intercept (SQL), terms (list of feature, expression (SQL), reference (number)), imputed (features whose
    NULL is filled).
    Example: {% set live = ml_ledger.live_versions('repurchase', versions, deployments) %}
#}
{% macro live_versions(ml_model, versions, deployments) %}
    {% set live = [] %}
    {% if execute and load_relation(deployments) is not none and load_relation(versions) is not none %}
        {% set rows = run_query(ml_ledger.live_versions_query(versions, deployments)) %}
        {% for row in rows %}
            {% set scoring = fromjson(row['scoring']) %}
            {% set spec = fromjson(row['spec']) %}
            {% set imputed = [] %}
            {% for feature in scoring.terms | map(attribute='feature') | unique %}
                {% if spec.features[feature].missing == 'impute' %}{% do imputed.append(feature) %}{% endif %}
            {% endfor %}
            {% do live.append({
                'version': row['version'] | int,
                'slot': row['slot'],
                'share': row['share'],
                'threshold': row['threshold_text'],
                'actions': spec.decision,
                'reasons': spec.reasons,
                'link': scoring.link,
                'intercept': scoring.intercept,
                'terms': scoring.terms,
                'imputed': imputed,
            }) %}
        {% endfor %}
    {% endif %}
    {% do return(live) %}
{% endmacro %}

{#
    The query of `live_versions`: per slot the deployment with the latest start at or before the clock.
    Arguments: versions and deployments, relations.
    Returns: SQL.
#}
{% macro live_versions_query(versions, deployments) %}
    with

    started as (
        select
            version,
            slot,
            share,
            row_number() over (partition by slot order by valid_from desc, version desc) as _ml_age
        from {{ deployments }}
        where verdict = 'deployed' and valid_from <= {{ ml_ledger.clock() }}
    )

    select
        started.version,
        started.slot,
        started.share,
        cast(versions.threshold as {{ dbt.type_string() }}) as threshold_text,
        versions.scoring,
        versions.spec
    from started
    inner join {{ versions }} as versions
        on started.version = versions.version
    where started._ml_age = 1
    order by started.slot
{% endmacro %}
