{#
    Who is running this build, for the ledger: `var('ml_actor')`, else the target's user, else the system's.
    Returns: SQL string literal.
    Example: {{ ml_ledger.actor() }} as actor
#}
{% macro actor() %}
    {% do return(ml_ledger.text_literal(ml_ledger.actor_name())) %}
{% endmacro %}

{#
    The same as plain text.
    Returns: string.
#}
{% macro actor_name() %}
    {% do return((var('ml_actor', none) or target.get('user') or env_var('USER', 'unknown')) | string | trim) %}
{% endmacro %}
