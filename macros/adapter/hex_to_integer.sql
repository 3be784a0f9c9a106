{#
    The whole number that up to 15 hexadecimal digits write.
    Arguments: digits, SQL expression of a text.
    Returns: SQL.
    Example: {{ ml_ledger.hex_to_integer('substr(md5(entity_id), 1, 8)') }}
#}
{% macro hex_to_integer(digits) %}
    {% do return(adapter.dispatch('hex_to_integer', 'ml_ledger')(digits)) %}
{% endmacro %}

{% macro default__hex_to_integer(digits) %}
    {% do ml_ledger.unsupported('hex_to_integer') %}
{% endmacro %}

{% macro duckdb__hex_to_integer(digits) %}
    {% do return("cast('0x' || " ~ digits ~ ' as ' ~ dbt.type_bigint() ~ ')') %}
{% endmacro %}
