{#
    Common table expressions over `checked`: `by_value_<number>`, how many rows of each class have each value of a
    feature, and `below_<number>`, also how many negative ones are below it.
    Arguments: number, of the feature; name, its column, quoted.
    Returns: SQL.
#}
{% macro positives_by_value(number, name) -%}
by_value_{{ number }} as (
    select
        {{ name }} as feature_value,
        sum(_ml_positive) as positives,
        sum(1 - _ml_positive) as negatives
    from checked
    group by 1
),

below_{{ number }} as (
    select
        positives,
        negatives,
        sum(negatives) over (order by feature_value rows between unbounded preceding and current row) - negatives
            as negatives_below
    from by_value_{{ number }}
    where feature_value is not null
)
{%- endmacro %}
