{#
    A staging model and its quarantine together account for every source row: good + set aside = source.
    Arguments: good, SQL number of source rows in the model (an aggregate); quarantine and source, relations;
    source_condition, SQL that limits the source to the rows that were due to be staged.
#}
{% test no_row_lost(model, good, quarantine, source, source_condition='1 = 1') %}
with

counts as (
    select
        (select {{ good }} from {{ model }}) as good_rows,
        (select count(*) from {{ quarantine }}) as quarantined_rows,
        (select count(*) from {{ source }} where {{ source_condition }}) as source_rows
)

select *
from counts
where not coalesce(good_rows + quarantined_rows = source_rows, false)
{% endtest %}
