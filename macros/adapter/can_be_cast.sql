{#
    Whether a text can be read as a type, without an error where it cannot.
    Arguments: value, SQL expression of a text that is not NULL; type, SQL type.
    Returns: SQL, a condition.
    Example: {{ ml_ledger.can_be_cast('ordered_at', 'timestamp') }}
#}
{% macro can_be_cast(value, type) %}
    {% do return(adapter.dispatch('can_be_cast', 'ml_ledger')(value, type)) %}
{% endmacro %}

{% macro default__can_be_cast(value, type) %}
    {% do ml_ledger.unsupported('can_be_cast') %}
{% endmacro %}

{% macro duckdb__can_be_cast(value, type) %}
    {% do return('try_cast(' ~ value ~ ' as ' ~ type ~ ') is not null') %}
{% endmacro %}

{% macro spark__can_be_cast(value, type) %}
    {% do return('try_cast(' ~ value ~ ' as ' ~ type ~ ') is not null') %}
{% endmacro %}
