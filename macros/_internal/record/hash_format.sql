{#
    The number of the way in which hashes are computed (docs/record.md). A new way gets a new number; verification knows
    every number that there was.
    Returns: integer.
#}
{% macro hash_format() %}
    {% do return(1) %}
{% endmacro %}
