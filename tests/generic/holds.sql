{#
    Every row satisfies a condition. A row on which the condition is NULL fails, too.
    Arguments: condition, SQL over the columns of the model. column_name is given by dbt and only places the test.
    The failing rows are returned whole.
#}
{% test holds(model, condition, column_name=none) %}
select *
from {{ model }}
where not coalesce({{ condition }}, false)
{% endtest %}
