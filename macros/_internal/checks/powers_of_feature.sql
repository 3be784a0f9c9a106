{#
    How well one feature tells the classes of a label apart, as AUC: by its value, and by whether it is missing.
    Arguments: number and name, as of `positives_by_value`, over whose expressions it is.
    Returns: SQL, a select.
#}
{% macro powers_of_feature(number, name) -%}
{%- set double = ml_ledger.type_double() -%}
select
    {{ ml_ledger.text_literal(ml_ledger.column_name(name)) }} as feature,
    'its value' as what,
    sum(positives) as positives,
    sum(negatives) as negatives,
    sum(cast(positives as {{ double }}) * (negatives_below + negatives / cast(2 as {{ double }})))
    / nullif(cast(sum(positives) as {{ double }}) * sum(negatives), 0) as auc
from below_{{ number }}
union all
select
    {{ ml_ledger.text_literal(ml_ledger.column_name(name)) }} as feature,
    'whether it is missing' as what,
    sum(positives) as positives,
    sum(negatives) as negatives,
    (
        1
        + {{ ml_ledger.share_of('sum(case when feature_value is null then positives else 0 end)', 'sum(positives)') }}
        - {{ ml_ledger.share_of('sum(case when feature_value is null then negatives else 0 end)', 'sum(negatives)') }}
    ) / 2 as auc
from by_value_{{ number }}
{%- endmacro %}
