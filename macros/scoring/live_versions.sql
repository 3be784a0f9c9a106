{#
    The versions that are live in a slot of an ML model at the clock, with what scoring needs of them. This is the one
    query that the project runs while it compiles; unit tests override this macro.

    Raises when a live version reads a column that the features no longer have.

    Arguments: versions and deployments, relations of the ML model's nodes; features, the relation that is scored.
    Returns: list of mappings: version, deployment_id, slot, threshold, actions (the policy), reasons (how many), link,
    features, outputs (list of name, base (SQL), terms (list of feature, none for a rule, of a pair no column but its name,
    and reference (number))),
    layers (list of mappings of column to SQL), trees (how many), imputed (features whose NULL is filled), clipped (mapping
    of feature to its bounds, where values beyond them are clipped), estimator (mapping of design, accepts and outputs, or
    none). See CompiledScoring in src/ml_ledger/scoring/compile.py.
    Example: {% set live = ml_ledger.live_versions(versions, deployments, features) %}
#}
{% macro live_versions(versions, deployments, features) %}
    {% set live = [] %}
    {% if execute and load_relation(deployments) is not none and load_relation(versions) is not none %}
        {% set rows = run_query(ml_ledger.live_versions_query(versions, deployments)) %}
        {% set columns = adapter.get_columns_in_relation(features) | map(attribute='name') | map('lower') | list %}
        {% for row in rows %}
            {% set scoring = fromjson(row['scoring']) %}
            {% set spec = fromjson(row['spec']) %}
            {% if scoring.format_version == 1 %}{% set scoring = ml_ledger.scoring_of_format_1(scoring) %}{% endif %}
            {% set gone = scoring.features | reject('in', columns) | list %}
            {% if gone %}
                {% do exceptions.raise_compiler_error(
                    'version ' ~ row['version'] ~ ' is live as ' ~ row['slot'] ~ ' and reads ' ~ gone | join(', ')
                    ~ ', which ' ~ features ~ ' does not have. Allowed: ' ~ columns | join(', ')
                    ~ '. Fix: bring the columns back; or declare the features that there are, so that a version is trained'
                    ~ ' on them, and see ml_gate_checks if it was not deployed.'
                ) %}
            {% endif %}
            {% set imputed = [] %}
            {% set clipped = {} %}
            {% for feature in scoring.features %}
                {% set declared = spec.features[feature] %}
                {% if declared.missing == 'impute' %}{% do imputed.append(feature) %}{% endif %}
                {% if declared.bounds and declared.out_of_bounds == 'clip' %}
                    {% do clipped.update({feature: declared.bounds}) %}
                {% endif %}
            {% endfor %}
            {% do live.append({
                'version': row['version'] | int,
                'deployment_id': row['deployment_id'],
                'slot': row['slot'],
                'threshold': row['threshold_text'],
                'actions': spec.decision,
                'reasons': spec.reasons,
                'link': scoring.link,
                'features': scoring.features,
                'outputs': scoring.outputs,
                'layers': scoring.layers,
                'trees': scoring.trees,
                'imputed': imputed,
                'clipped': clipped,
                'estimator': scoring.estimator,
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
            deployment_id,
            version,
            slot,
            row_number() over (
                partition by slot
                order by valid_from desc, recorded_at desc, version desc
            ) as _ml_age
        from {{ deployments }}
        where verdict = 'deployed' and valid_from <= {{ ml_ledger.clock() }}
    )

    select
        started.deployment_id,
        started.version,
        started.slot,
        cast(versions.threshold as {{ dbt.type_string() }}) as threshold_text,
        versions.scoring,
        versions.spec
    from started
    inner join {{ versions }} as versions
        on started.version = versions.version
    where started._ml_age = 1
    order by started.slot
{% endmacro %}
