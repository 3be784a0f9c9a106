{#
    A value as the text that hashes are computed over: texts as they are, whole numbers in decimal, doubles by the
    shortest text that reads back bit for bit (0.1, 1e-05, 1e+16), timestamps as 1998-06-30 00:00:00.000000, booleans as
    true and false. NULL stays NULL.
    Arguments: value, SQL expression; type, its SQL type as the engine names it.
    Returns: SQL.
    Example: {{ ml_ledger.canonical_value('recorded_at', 'timestamp') }}
#}
{% macro canonical_value(value, type) %}
    {% do return(adapter.dispatch('canonical_value', 'ml_ledger')(value, type | lower)) %}
{% endmacro %}

{% macro default__canonical_value(value, type) %}
    {% do ml_ledger.unsupported('canonical_value') %}
{% endmacro %}

{% macro duckdb__canonical_value(value, type) %}
    {% if type.startswith('timestamp') %}
        {% do return('strftime(' ~ value ~ ", '%Y-%m-%d %H:%M:%S.%f')") %}
    {% elif type in ('varchar', 'string', 'text') %}
        {% do return(value) %}
    {% endif %}
    {% do return('cast(' ~ value ~ ' as ' ~ dbt.type_string() ~ ')') %}
{% endmacro %}
