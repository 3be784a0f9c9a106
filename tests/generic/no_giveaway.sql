{#
    Leakage: no feature alone tells the classes of a binary label apart almost perfectly. Its AUC (Mann and Whitney
    1947: how often a positive row has the higher value, a tie counts half) in the better direction is at most a limit;
    the same for whether it is NULL, as of a column that is filled in after the outcome.
    Arguments: label, the column; positive, its value for the positive class, 1 unless told; features, a list of columns
    whose values have an order, all numeric ones but the label unless told; at_most, the AUC, 0.99 unless told;
    minimum_rows, 10 unless told: with fewer rows of a class that have a value, chance would do it, and the feature is
    not judged. A failing row per feature: docs/quality.md. Rows without a label are left out.
#}
{% test no_giveaway(model, label, positive=1, features=none, at_most=0.99, minimum_rows=10) %}
{%- set label_name, label = ml_ledger.column_name(label), ml_ledger.column(label) -%}
{%- set names = ml_ledger.columns(features or []) -%}
{%- if features is none -%}
    {%- for column in ml_ledger.columns_of(model, 'features') -%}
        {%- if column.is_number() and column.name | lower != label_name | lower -%}
            {%- do names.append(ml_ledger.quoted(column.name)) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endif -%}
{%- set double = ml_ledger.type_double() -%}
with

checked as (
    select
        *,
        case when {{ label }} = {{ ml_ledger.literal(positive) }} then 1 else 0 end as _ml_positive
    from {{ model }}
    where {{ label }} is not null
),

{% for name in names -%}
{{ ml_ledger.positives_by_value(loop.index, name) }},

{% endfor -%}
powers as (
    {% for name in names -%}
    {{ ml_ledger.powers_of_feature(loop.index, name) | indent(4) }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- else -%}
    select
        'none' as feature,
        'its value' as what,
        0 as positives,
        0 as negatives,
        cast(null as {{ double }}) as auc
    {%- endfor -%}
),

described as (
    select
        feature,
        what,
        positives,
        negatives,
        positives + negatives as total,
        greatest(auc, 1 - auc) as power,
        {{ ml_ledger.short_number('greatest(auc, 1 - auc)') }} as power_text
    from powers
    where positives >= {{ minimum_rows }} and negatives >= {{ minimum_rows }}
)

select
    feature as column_name,
    power_text as value,
    cast({{ ml_ledger.text_literal(at_most) }} as {{ dbt.type_string() }}) as allowed,
    cast(total as {{ dbt.type_bigint() }}) as row_count,
    what as example,
    {{ ml_ledger.sentence(
        'Leakage is likely: {feature} alone ({what}) has an AUC of {power_text} for ' ~ ml_ledger.said(label_name)
            ~ ' on {positives} positive and '
        ~ '{negatives} negative rows; a single feature has at most ' ~ at_most ~ '. Find out when it is written: is it '
        ~ 'filled in, or changed, after the outcome? Fix: remove it, or take it as it was known at the as-of date;'
        ~ ' if it is '
        ~ 'honest, you may need no ML model.'
    ) }} as what_to_do
from described
where power > {{ at_most }}
{% endtest %}
