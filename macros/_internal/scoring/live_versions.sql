{#
    The arms of an ML model at the clock: each version that is live in a slot, with what scoring needs of it, and the
    control group, which has no version. This is the one query that the project runs while it compiles; unit tests
    override this macro.

    Raises when a live version reads a column that the features no longer have, or that is of a type which cannot be
    read as the version's declaration says.

    Arguments: versions and deployments, relations of the ML model's nodes; features, the relation that is scored.
    Returns: list of mappings: slot; arm, its name; share of the entities that it decides for; buckets, [from, to) of
    10000, none where it scores all; paused, whether decisions fall back; deployment_id; version, none for control, and
    nothing else then; threshold, actions (the policy), reasons (how many), classes, exposure (its column, or none),
    link, features, outputs (list of name, base (SQL), terms (list of feature, none for a rule, of a pair no column but
    its name, and reference (number))),
    layers (list of mappings of column to SQL), trees (how many), imputed (features whose NULL is filled), clipped
    (mapping of feature to its bounds, where values beyond them are clipped), estimator (mapping of design, accepts and
    outputs, or none). See CompiledScoring in src/ml_ledger/scoring/compile.py.
    Example: {% set live = ml_ledger.live_versions(versions, deployments, features) %}
#}
{% macro live_versions(versions, deployments, features) %}
    {% set live = [] %}
    {% if execute and load_relation(deployments) is not none and load_relation(versions) is not none %}
        {% set rows = run_query(ml_ledger.live_versions_query(versions, deployments)) %}
        {% set types = ml_ledger.column_types(features) %}
        {% set arms = ml_ledger.arms(rows) %}
        {% for row in rows if row['version'] is none %}
            {% do live.append(arms[row['deployment_id']]) %}
        {% endfor %}
        {% for row in rows if row['version'] is not none %}
            {% set scoring = ml_ledger.scoring_of_version(row['scoring']) %}
            {% set spec = fromjson(row['spec']) %}
            {% do ml_ledger.refuse_unreadable(row, scoring.features, spec.features, features, types) %}
            {% set imputed = [] %}
            {% set clipped = {} %}
            {% for feature in scoring.features %}
                {% set declared = spec.features[feature] %}
                {% if declared.missing == 'impute' %}{% do imputed.append(feature) %}{% endif %}
                {% if declared.bounds and declared.out_of_bounds == 'clip' %}
                    {% do clipped.update({feature: declared.bounds}) %}
                {% endif %}
            {% endfor %}
            {% set arm = arms[row['deployment_id']] %}
            {% do arm.update({
                'version': row['version'] | int,
                'threshold': row['threshold_text'],
                'actions': spec.decision,
                'reasons': spec.reasons,
                'exposure': spec.exposure,
                'classes': spec.get('classes'),
                'link': scoring.link,
                'features': scoring.features,
                'outputs': scoring.outputs,
                'layers': scoring.layers,
                'trees': scoring.trees,
                'imputed': imputed,
                'clipped': clipped,
                'estimator': scoring.estimator,
            }) %}
            {% do live.append(arm) %}
        {% endfor %}
    {% endif %}
    {% do return(live) %}
{% endmacro %}

{#
    The query of `live_versions`: the deployments that are live at the clock.
    Arguments: versions and deployments, relations.
    Returns: SQL.
#}
{% macro live_versions_query(versions, deployments) %}
    with

    deployed as (
        {{ ml_ledger.deployment_intervals(deployments) | indent(8) }}
    ),

    -- Of pausing and resuming, the latest.
    switches as (
        select
            event,
            row_number() over (order by valid_from desc, event_number desc) as age
        from {{ deployments }}
        where event in ('paused', 'resumed') and valid_from <= {{ ml_ledger.clock() }}
    )

    select
        deployed.deployment_id,
        deployed.version,
        deployed.slot,
        cast(deployed.share as {{ ml_ledger.type_double() }}) as share,
        case when switches.event = 'paused' then 1 else 0 end as is_paused,
        cast(versions.threshold as {{ dbt.type_string() }}) as threshold_text,
        versions.scoring,
        versions.spec
    from deployed
    left join {{ versions }} as versions
        on deployed.version = versions.version
    left join switches
        on switches.age = 1
    where
        {{ ml_ledger.is_live_at(ml_ledger.clock(), 'deployed.') }}
        and (versions.version is not null or deployed.slot = 'control')
    order by deployed.slot, deployed.version
{% endmacro %}

{#
    Stop where the features lack a column that a live version reads, or have one of another kind than it was trained on.
    Arguments: row, of `live_versions_query`; read, list of columns; declared, mapping of features as the version's
    declaration has them; features, relation, and its types.
    Returns: nothing.
#}
{% macro refuse_unreadable(row, read, declared, features, types) %}
    {% set gone, changed = [], [] %}
    {% for feature in read %}
        {% set kind = declared[feature].kind %}
        {% if feature | lower not in types %}
            {% do gone.append(feature) %}
        {% elif not ml_ledger.is_read_as(kind, types[feature | lower]) %}
            {% do changed.append(feature ~ ' as ' ~ kind ~ ', and it is ' ~ types[feature | lower]) %}
        {% endif %}
    {% endfor %}
    {% set live = 'version ' ~ row['version'] ~ ' is live as ' ~ row['slot'] ~ ' and reads ' %}
    {% if gone %}
        {% do exceptions.raise_compiler_error(
            live ~ gone | join(', ') ~ ', which ' ~ features ~ ' does not have. Allowed: ' ~ types.keys() | join(', ')
            ~ '. Fix: bring the columns back; or declare the features that there are, so that a version is trained'
            ~ ' on them, and'
            ~ ' see ml_gate_checks if it was not deployed.'
        ) %}
    {% elif changed %}
        {% do exceptions.raise_compiler_error(
            live ~ changed | join('; reads ') ~ ' in ' ~ features ~ '. Nothing was written. Fix: cast it to the'
                ~ ' earlier type, or'
            ~ ' keep that under the old name and the new one under a new name; or declare the kind that it has now,'
            ~ ' so that a'
            ~ ' version is trained on it, and see ml_gate_checks if it was not deployed.'
        ) %}
    {% endif %}
{% endmacro %}

{#
    Whether values of a type can be read as a kind of feature (src/ml_ledger/training_set/feature_types.py says the
    same).
    Arguments: kind, of a declared feature; type, SQL, in lower case.
    Returns: boolean.
#}
{% macro is_read_as(kind, type) %}
    {% set found = ml_ledger.column_kind(type) %}
    {% if kind == 'categorical' %}
        {% set inexact = found == 'numeric' and (type.startswith('decimal') or not ml_ledger.sums_exactly(type)) %}
        {% set nested = type.endswith(']') or type.startswith('struct') or type.startswith('map')
            or type.startswith('union') %}
        {% do return(not (inexact or nested or ml_ledger.has_time_zone(type))) %}
    {% endif %}
    {% do return(found == kind and not ml_ledger.has_time_zone(type)) %}
{% endmacro %}
