{#
    A condition for `where` that is true, unless `problem` is: then the query stops with an error, before anything is
    written.
    Arguments: problem, SQL boolean; message, SQL text.
    Returns: SQL boolean.
    Example: where {{ ml_ledger.fail_when('copies > 1', "'duplicate entity ' || entity_id") }}
#}
{% macro fail_when(problem, message) %}
    {% do return(adapter.dispatch('fail_when', 'ml_ledger')(problem, message)) %}
{% endmacro %}

{% macro default__fail_when(problem, message) %}
    {% do ml_ledger.unsupported('fail_when') %}
{% endmacro %}

{% macro duckdb__fail_when(problem, message) %}
    {% do return('case when ' ~ problem ~ ' then error(' ~ message ~ ') else true end') %}
{% endmacro %}

{% macro spark__fail_when(problem, message) %}
    {% do return('case when ' ~ problem ~ ' then raise_error(' ~ message ~ ') is null else true end') %}
{% endmacro %}
