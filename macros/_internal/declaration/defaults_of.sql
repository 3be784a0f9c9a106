{#
    The defaults of the keys of a block, for what is needed of one that is not declared.
    Arguments: block, its path.
    Returns: mapping of key to value.
    Example: {% set monitoring = spec.monitoring or ml_ledger.defaults_of('monitoring') %}
#}
{% macro defaults_of(block) %}
    {% set defaults = {} %}
    {% for name, key in ml_ledger.declared_blocks()[block].items() %}
        {% do defaults.update({name: key.default}) %}
    {% endfor %}
    {% do return(defaults) %}
{% endmacro %}
