{#
    An argument as messages show it: a text in quotes, so that it is told from a number.
    Arguments: value, as given.
    Returns: string.
    Example: {% do problems.append('share: must be a number; got ' ~ ml_ledger.as_given(share) ~ '.') %}
#}
{% macro as_given(value) %}
    {# A date of YAML, also within a list, has no JSON. #}
    {% set has_json = value is string or value is number or value is boolean or value is none %}
    {% do return(value | tojson if has_json else value | string) %}
{% endmacro %}
