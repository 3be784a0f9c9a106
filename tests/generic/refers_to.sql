{#
    Every row's values of these columns occur together in another relation.
    Arguments: to, relation; columns, list of names that both have.
#}
{% test refers_to(model, to, columns) %}
{%- set columns = ml_ledger.columns(columns) -%}
with

checked as (
    select * from {{ model }}
)

select checked.*
from checked
left join (
    select distinct {{ columns | join(', ') }}
    from {{ to }}
) as target
    on
        {% for column in columns -%}
        {{ 'and ' if not loop.first }}checked.{{ column }} = target.{{ column }}
        {% endfor %}
where target.{{ columns[0] }} is null
{% endtest %}
