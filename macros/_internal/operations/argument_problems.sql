{#
    What is wrong with the arguments that most operations have, as far as nothing else need be known.
    Arguments: reason, as given; version, as given; needs_version, whether the operation is about a version.
    Returns: list of texts, to which `operation_state` adds.
    Example: {% set problems = ml_ledger.argument_problems(reason, version) %}
#}
{% macro argument_problems(reason, version=none, needs_version=true) %}
    {% set problems = [] %}
    {% if reason is not string or not reason | trim %}
        {% do problems.append("reason: must be a text that says why; got " ~ ml_ledger.as_given(reason) ~ '.') %}
    {% endif %}
    {% if needs_version and not ml_ledger.is_whole_number(version) %}
        {% do problems.append(
            'version: must be a whole number; got ' ~ ml_ledger.as_given(version)
                ~ '. Allowed: a version in ml_versions.'
        ) %}
    {% endif %}
    {% do return(problems) %}
{% endmacro %}

{#
    Whether an argument is a whole number: no text, no 1.0, and not true, which counts as 1.
    Arguments: value, as given.
    Returns: boolean.
#}
{% macro is_whole_number(value) %}
    {% do return(value is integer and value is not boolean) %}
{% endmacro %}
