{#
    The strongest pushes, strongest first, as a list of structs of `push` and of the `number` of its feature in
    `pushes`. Of equal pushes, the feature whose name comes last in the alphabet is first.
    Arguments: pushes, mapping of feature, in the order of their names, to the column that holds its push towards the
    decision; weakest, a column: weaker pushes are not among the strongest (see `ranked_by_push`); count, how many.
    Returns: SQL.
    Example: {{ ml_ledger.strongest_pushes({'recency_days': '_ml_push1'}, '_ml_weakest', 3) }} as _ml_strongest
#}
{% macro strongest_pushes(pushes, weakest, count) %}
    {% do return(adapter.dispatch('strongest_pushes', 'ml_ledger')(pushes, weakest, count)) %}
{% endmacro %}

{% macro default__strongest_pushes(pushes, weakest, count) %}
    {% do ml_ledger.unsupported('strongest_pushes') %}
{% endmacro %}

{% macro duckdb__strongest_pushes(pushes, weakest, count) -%}
    list_sort(
            list_filter(
                [
                    {%- for push in pushes.values() %}
                    {'push': {{ push }}, 'number': {{ loop.index }}}{{ ',' if not loop.last }}
                    {%- endfor %}
                ],
                lambda candidate: candidate.push >= {{ weakest }}
            ),
            'desc'
        )[1:{{ count }}]
{%- endmacro %}
