{#
    What an operation must know of an ML model before it does anything: raises for an ML model that is not declared, or
    was never built.
    Arguments: operation, its name; ml_model, as given; problems, list of what is wrong with other arguments, to which
    what is wrong with these is added; version, as given, none where the operation is about none; valid_from, as given:
    the business time from which the operation holds, none for the clock.
    Returns: mapping: ml_model; deployments, versions (relations); clock, valid_from (texts); is_back_dated, whether
    valid_from was given; live, list of the deployments that are live at valid_from (slot, version, share, valid_from,
    operation); divided, list of the deployments of challengers and control that are live at valid_from or later (slot,
    version, share, valid_from, valid_to); champions, list of the versions that were champion by then, latest first;
    known, mapping of version to trained_at, trained_by, verdict of the gate, judged_by (who ran the gate), is_approved,
    is_rejected, is_retired; is_paused; latest, valid_from of the latest event (text).
    Example: {% set state = ml_ledger.operation_state('ml_pause', ml_model, problems) %}
#}
{% macro operation_state(operation, ml_model, problems, version=none, valid_from=none) %}
    {% set names = ml_ledger.ml_model_names() %}
    {% set given = none if valid_from is none else ml_ledger.moment_text(valid_from) %}
    {% if valid_from is not none and given is none %}
        {% do problems.append(
            "valid_from: must be a date or a timestamp that exists; got '" ~ valid_from
            ~ "'. Allowed: 1998-06-30 or 1998-06-30 18:00:00, in UTC."
        ) %}
    {% endif %}
    {% if ml_model not in names %}
        {% do ml_ledger.refuse(operation, [
            "ml_model: is not declared; got '" ~ ml_model ~ "'. Allowed: " ~ (names | join(', ') or '(none)') ~ '.'
        ] + problems) %}
    {% endif %}
    {% set deployments = ref(project_name, ml_model ~ '_deployments') %}
    {% set versions = ref(project_name, ml_model ~ '_versions') %}
    {% if load_relation(deployments) is none or load_relation(versions) is none %}
        {% do ml_ledger.refuse(operation, [
            'ml_model: ' ~ ml_model ~ ' has no versions yet. Fix: dbt build --select +' ~ ml_model ~ '_deployments.'
        ] + problems) %}
    {% endif %}
    {% set moment, text = dbt.type_timestamp(), dbt.type_string() %}
    {% set at = ml_ledger.clock() if given is none
        else 'cast(' ~ ml_ledger.text_literal(given) ~ ' as ' ~ moment ~ ')' %}
    {% set times = run_query(
        'select cast(' ~ ml_ledger.clock() ~ ' as ' ~ text ~ ') as clock, cast(' ~ at ~ ' as ' ~ text
            ~ ') as valid_from, '
        ~ 'cast(max(valid_from) as ' ~ text ~ ') as latest from ' ~ deployments
    )[0] %}
    {% if given is not none and times['valid_from'] > times['clock'] %}
        {# An event of the future would keep every later operation waiting, ml_pause and ml_erase as well. #}
        {% do problems.append(
            'valid_from: is after the clock; got ' ~ times['valid_from'] ~ '. Allowed: ' ~ times['clock']
                ~ ' or earlier.'
        ) %}
    {% endif %}
    {% set state = {
        'ml_model': ml_model, 'deployments': deployments, 'versions': versions, 'clock': times['clock'],
        'valid_from': times['valid_from'], 'is_back_dated': given is not none, 'latest': times['latest'],
        'live': [], 'divided': [], 'champions': [], 'known': {}, 'is_paused': false,
    } %}
    {% for row in run_query(ml_ledger.deployed_by(deployments, at)) %}
        {% if row['is_live'] == 1 %}
            {% do state.live.append({
                'slot': row['slot'], 'version': row['version'] | int if row['version'] is not none else none,
                'share': row['share'] | float, 'valid_from': row['valid_from'], 'operation': row['operation'],
            }) %}
        {% endif %}
        {% if row['slot'] == 'champion' %}{% do state.champions.append(row['version'] | int) %}{% endif %}
    {% endfor %}
    {% for row in run_query(ml_ledger.divided_from(deployments, at)) %}
        {% do state.divided.append({
            'slot': row['slot'], 'version': row['version'] | int if row['version'] is not none else none,
            'share': row['share'] | float, 'valid_from': row['valid_from'], 'valid_to': row['valid_to'],
        }) %}
    {% endfor %}
    {% for row in run_query(ml_ledger.versions_known(deployments, versions)) %}
        {% do state.known.update({row['version'] | int: row.dict()}) %}
    {% endfor %}
    {% for row in run_query(
        'select event from ' ~ deployments ~ " where event in ('paused', 'resumed') and valid_from <= " ~ at
        ~ ' order by valid_from desc, event_number desc limit 1'
    ) %}
        {% do state.update({'is_paused': row['event'] == 'paused'}) %}
    {% endfor %}
    {% do problems.extend(ml_ledger.state_problems(state, version)) %}
    {% do return(state) %}
{% endmacro %}

{#
    What stands in the way of any operation: a version that does not exist, or a clock before the latest event.
    Arguments: state, as returned by `operation_state`; version, as given.
    Returns: list of texts.
#}
{% macro state_problems(state, version) %}
    {% set problems = [] %}
    {% if ml_ledger.is_whole_number(version) and version not in state.known %}
        {% do problems.append(
            'version: there is no version ' ~ version ~ ' of ' ~ state.ml_model ~ '. Allowed: '
            ~ ('versions ' ~ state.known.keys() | join(', ') if state.known else 'none: there is no version yet') ~ '.'
        ) %}
    {% endif %}
    {% if not state.is_back_dated and state.latest is not none and state.clock < state.latest %}
        {% do problems.append(
            'clock: is ' ~ state.clock ~ ', before the latest event of ' ~ state.ml_model ~ ' at ' ~ state.latest
            ~ '. Fix: set ml_clock to that time or a later one; to correct the past, use an operation with the'
            ~ ' argument valid_from.'
        ) %}
    {% endif %}
    {% do return(problems) %}
{% endmacro %}

{#
    The deployments that began by a moment, latest first, with whether each is live then.
    Arguments: deployments, relation of the node; at, SQL timestamp.
    Returns: SQL.
#}
{% macro deployed_by(deployments, at) %}
    select
        slot,
        version,
        share,
        cast(valid_from as {{ dbt.type_string() }}) as valid_from,
        operation,
        case when valid_to is null or valid_to > {{ at }} then 1 else 0 end as is_live
    from (
        {{ ml_ledger.deployment_intervals(deployments) }}
    ) as intervals
    where intervals.valid_from <= {{ at }}
    order by intervals.valid_from desc, intervals.event_number desc
{% endmacro %}

{#
    The deployments of challengers and control that are live at a moment, or begin after it.
    Arguments: deployments, relation of the node; at, SQL timestamp.
    Returns: SQL.
#}
{% macro divided_from(deployments, at) %}
    select
        slot,
        version,
        share,
        cast(valid_from as {{ dbt.type_string() }}) as valid_from,
        cast(valid_to as {{ dbt.type_string() }}) as valid_to
    from (
        {{ ml_ledger.deployment_intervals(deployments) }}
    ) as intervals
    where
        slot in ('challenger', 'control')
        and (valid_to is null or (valid_to > {{ at }} and valid_to > valid_from))
{% endmacro %}

{#
    Every version with what was decided about it.
    Arguments: deployments and versions, relations of the nodes.
    Returns: SQL.
#}
{% macro versions_known(deployments, versions) %}
    select
        versions.version,
        cast(versions.trained_at as {{ dbt.type_string() }}) as trained_at,
        versions.trained_by,
        max(case when events.operation = 'gate' then events.event end) as verdict,
        max(case when events.operation = 'gate' then events.actor end) as judged_by,
        max(case when events.operation = 'ml_approve' then 1 else 0 end) as is_approved,
        max(case when events.event = 'rejected' then 1 else 0 end) as is_rejected,
        max(case when events.event = 'retired' then 1 else 0 end) as is_retired
    from {{ versions }} as versions
    left join {{ deployments }} as events
        on versions.version = events.version
    group by versions.version, versions.trained_at, versions.trained_by
    order by versions.version
{% endmacro %}
