{#
    No two rows share their values of these columns.
    Arguments: columns, list of names.
#}
{% test unique_combination(model, columns) %}
{%- set columns = ml_ledger.columns(columns) -%}
select
    {{ columns | join(',\n    ') }},
    count(*) as _ml_copies
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
