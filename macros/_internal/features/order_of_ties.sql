{#
    The order in which rows of a feature view with one entity and timestamp are taken: the greatest values first, NULL
    last.
    Arguments: columns, list of names, in which none is skipped; relation, name before them.
    Returns: SQL, the list of an order by.
#}
{% macro order_of_ties(columns, relation=none) %}
    {% set parts = [] %}
    {% for column in ml_ledger.columns(columns | reject('none') | list, relation) %}
        {% do parts.append('case when ' ~ column ~ ' is null then 1 else 0 end') %}
        {% do parts.append(column ~ ' desc') %}
    {% endfor %}
    {% do return(parts | join(',\n')) %}
{% endmacro %}
