{#
    A value of a declaration, as text: lists as JSON, dates as 2024-01-31; none where it is absent. What is not declared
    as it must be is absent here; the versions node says what is wrong with it.
    Arguments: spec, mapping as `ml_model_spec` returns it; keys, list of keys, outermost first; default.
    Returns: string or none.
    Example: {% set validator = ml_ledger.declared_value(spec, ['governance', 'validator'], none) %}
#}
{% macro declared_value(spec, keys, default) %}
    {% set found = namespace(value=spec) %}
    {% for key in keys %}
        {% set found.value = found.value.get(key) if found.value is mapping else none %}
    {% endfor %}
    {% set value = default if found.value is none else found.value %}
    {% if value is none or value is string %}
        {% do return(value) %}
    {% endif %}
    {% do return(tojson(value) if value is sequence or value is mapping else value | string) %}
{% endmacro %}
