{#
    The order in which rows of a feature view with one entity and timestamp are taken: the greatest values first, NULL last.
    Arguments: columns, list of names, in which none is skipped; prefix, before them.
    Returns: SQL, the list of an order by.
#}
{% macro order_of_ties(columns, prefix='') %}
    {% set parts = [] %}
    {% for column in columns if column is not none %}
        {% do parts.append('case when ' ~ prefix ~ column ~ ' is null then 1 else 0 end') %}
        {% do parts.append(prefix ~ column ~ ' desc') %}
    {% endfor %}
    {% do return(parts | join(',\n')) %}
{% endmacro %}
