{#
    What is wrong with the arguments that most operations have.
    Arguments: state, as returned by `operation_state`; reason, as given; version, as given; needs_version, whether the
    operation is about a version.
    Returns: list of texts.
#}
{% macro argument_problems(state, reason, version=none, needs_version=true) %}
    {% set problems = [] %}
    {% if reason is not string or not reason | trim %}
        {% do problems.append("reason: must be a text that says why; got " ~ (reason | tojson) ~ '.') %}
    {% endif %}
    {% set known = 'versions ' ~ state.known.keys() | join(', ') if state.known else 'none: there is no version yet' %}
    {% if needs_version and (version is not integer or version is boolean) %}
        {% do problems.append('version: must be a whole number; got ' ~ (version | tojson) ~ '. Allowed: ' ~ known ~ '.') %}
    {% elif needs_version and version not in state.known %}
        {% do problems.append('version: there is no version ' ~ version ~ ' of ' ~ state.ml_model ~ '. Allowed: ' ~ known ~ '.') %}
    {% endif %}
    {% if not state.is_back_dated and state.latest is not none and state.clock < state.latest %}
        {% do problems.append(
            'clock: is ' ~ state.clock ~ ', before the latest event of ' ~ state.ml_model ~ ' at ' ~ state.latest
            ~ '. Fix: set ml_clock to that time or a later one; to correct the past, use an operation with the argument valid_from.'
        ) %}
    {% endif %}
    {% do return(problems) %}
{% endmacro %}
