{#
    The name of a column as an SQL identifier, whatever it holds: a reserved word, a space, a quote.
    Arguments: name, string; relation, name before it, or none.
    Returns: SQL.
    Example: {{ ml_ledger.quoted(spec.entity, 'labels') }}
#}
{% macro quoted(name, relation=none) %}
    {% set identifier = adapter.dispatch('quoted', 'ml_ledger')(name | string) %}
    {% do return(identifier if relation is none else relation ~ '.' ~ identifier) %}
{% endmacro %}

{# Standard SQL. #}
{% macro default__quoted(name) %}
    {% do return(adapter.quote(name | replace('"', '""'))) %}
{% endmacro %}

{% macro spark__quoted(name) %}
    {% do return(adapter.quote(name | replace('`', '``'))) %}
{% endmacro %}
