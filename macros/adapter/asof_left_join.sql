{#
    A left join of each row with the last row of another relation that begins at or before a moment; without one, NULLs.
    Arguments: other, SQL of the other relation in parentheses, whose beginnings are unique per key, with an alias; key,
    SQL condition of equality; moment, SQL of the row's moment; begins, SQL column of the other's beginning; ends, SQL
    column of its end, NULL for none, which begins the next row of the same key.
    Returns: SQL.
    Example: from decisions {{ ml_ledger.asof_left_join('(select ...) as live', 'decisions.ml_model = live.ml_model',
    'decisions.decided_at', 'live.valid_from', 'live.valid_to') }}
#}
{% macro asof_left_join(other, key, moment, begins, ends) %}
    {% do return(adapter.dispatch('asof_left_join', 'ml_ledger')(other, key, moment, begins, ends)) %}
{% endmacro %}

{# A join by range, which every engine has. #}
{% macro default__asof_left_join(other, key, moment, begins, ends) -%}
left join {{ other }}
    on
        {{ key }}
        and {{ moment }} >= {{ begins }}
        and ({{ ends }} is null or {{ moment }} < {{ ends }})
{%- endmacro %}

{% macro duckdb__asof_left_join(other, key, moment, begins, ends) -%}
asof left join {{ other }}
    on
        {{ key }}
        and {{ moment }} >= {{ begins }}
{%- endmacro %}
