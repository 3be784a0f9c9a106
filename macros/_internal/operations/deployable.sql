{#
    What stands in the way of deploying a version.
    Arguments: state, as returned by `operation_state`; version, that exists; slot, 'champion', 'challenger' or
    'shadow'.
    Returns: list of texts.
    Example: {% set problems = ml_ledger.deployable(state, 3, 'champion') %}
#}
{% macro deployable(state, version, slot) %}
    {% set problems, known = [], state.known[version] %}
    {% set name = 'version ' ~ version ~ ' of ' ~ state.ml_model %}
    {% if known.is_retired == 1 %}
        {% do problems.append('version: ' ~ name ~ ' is retired, and cannot be deployed again.') %}
    {% endif %}
    {% if state.valid_from < known.trained_at %}
        {% do problems.append(
            'valid_from: ' ~ name ~ ' was trained at ' ~ known.trained_at ~ '; got ' ~ state.valid_from
            ~ '. Allowed: that time or a later one.'
        ) %}
    {% endif %}
    {% if slot != 'shadow' %}
        {% if known.is_rejected == 1 %}
            {% do problems.append('version: ' ~ name ~ ' was rejected. Allowed: slot shadow, which decides nothing.') %}
        {% elif known.verdict == 'refused' %}
            {% do problems.append(
                'version: the gate refused ' ~ name ~ '; ml_gate_checks says why. Allowed: slot shadow, which'
                    ~ ' decides nothing.'
            ) %}
        {% elif known.verdict is none %}
            {% do problems.append(
                'version: the gate has not judged ' ~ name ~ ' yet. Fix: dbt build --select ' ~ state.ml_model
                    ~ '_deployments.'
            ) %}
        {% elif known.verdict == 'awaiting_approval' and known.is_approved == 0 %}
            {% do problems.append(
                'version: ' ~ name ~ ' waits for approval. Fix: ml_approve, by someone other than the trainer.'
            ) %}
        {% endif %}
    {% endif %}
    {% do return(problems) %}
{% endmacro %}
