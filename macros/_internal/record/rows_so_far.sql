{#
    The rows that an append-only node holds already: its own relation. Unit tests override it, since dbt cannot give
    `this` in a warehouse that was never built.
    Returns: relation.
    Example: from {{ ml_ledger.rows_so_far() }} as verdicts
#}
{% macro rows_so_far() %}
    {% do return(this) %}
{% endmacro %}
