{#
    The largest 8 byte floating point number whose exponential is a finite one.
    Returns: SQL.
    Example: case when link_score <= {{ ml_ledger.largest_logarithm() }} then exp(link_score) end
#}
{% macro largest_logarithm() %}
    {% do return("cast('709.782712893384' as " ~ ml_ledger.type_double() ~ ')') %}
{% endmacro %}
