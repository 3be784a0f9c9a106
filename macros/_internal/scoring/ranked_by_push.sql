{#
    Common table expressions that rank what pushed towards a decision. Sorting is what costs, so first comes a bound
    that leaves most pushes out: of as many groups of pushes as there are reasons, the weakest of the groups' strongest.
    Each group has one push that is not below it, so none of the strongest is.

    Arguments: arm, of the version; pushes, mapping of feature, in the order of their names, to the column that holds
    its push towards the decision; count, how many reasons.
    Returns: SQL: bounded_<arm> and ranked_<arm>, which is explained_<arm> with a column `_ml_strongest`, see
    `strongest_pushes`; without pushes, without that column.
    Example: {{ ml_ledger.ranked_by_push('champion', {'recency_days': '_ml_push1'}, 3) }}
#}
{% macro ranked_by_push(arm, pushes, count) %}
{%- set columns = pushes.values() | list -%}
bounded_{{ arm }} as (
    select
        *
        {%- if columns %},
        least(
            {%- for group in range([count, columns | length] | min) %}
            {% set group = columns[group::count] -%}
            {{ group[0] if group | length == 1 else 'greatest(' ~ group | join(', ') ~ ')' }}{{ ',' if not loop.last }}
            {%- endfor %}
        ) as _ml_weakest
        {%- endif %}
    from explained_{{ arm }}
),

ranked_{{ arm }} as (
    select
        *
        {%- if columns %},
        {{ ml_ledger.strongest_pushes(pushes, '_ml_weakest', count) }} as _ml_strongest
        {%- endif %}
    from bounded_{{ arm }}
),
{%- endmacro %}
