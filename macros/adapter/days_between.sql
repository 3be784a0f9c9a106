{#
    Whole days from one date to another, positive when the second is later.
    Arguments: earlier and later, SQL dates.
    Returns: SQL.
    Example: {{ ml_ledger.days_between('order_date', 'as_of_date') }} as days_ago
#}
{% macro days_between(earlier, later) %}
    {% do return(adapter.dispatch('days_between', 'ml_ledger')(earlier, later)) %}
{% endmacro %}

{% macro default__days_between(earlier, later) %}
    {% do return(dbt.datediff(earlier, later, 'day')) %}
{% endmacro %}

{% macro duckdb__days_between(earlier, later) %}
    {% do return("date_diff('day', " ~ earlier ~ ', ' ~ later ~ ')') %}
{% endmacro %}
