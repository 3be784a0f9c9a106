{#
    Who is running this build, for the ledger: `var('ml_actor')`, else the target's user, else the system's.
    Returns: SQL string literal.
    Example: {{ ml_ledger.actor() }} as actor
#}
{% macro actor() %}
    {% set name = var('ml_actor', none) or target.get('user') or env_var('USER', 'unknown') %}
    {% do return(dbt.string_literal(dbt.escape_single_quotes(name | string))) %}
{% endmacro %}
