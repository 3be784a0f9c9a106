{#
    The model has no row: each is a finding, and empty is healthy. The findings are returned whole.
    Arguments: none. column_name is given by dbt and only places the test.
#}
{% test no_rows(model, column_name=none) %}
select *
from {{ model }}
{% endtest %}
