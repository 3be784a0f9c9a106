{#
    The features of the latest as-of date look like the rows that the live champion was trained on, by the statistics
    that it keeps (ml_reference): no feature is missing much more often, is out of the range that training saw, has a
    spike of a default value such as 0 or 999, or has a new, vanished or renamed level.
    For a feature model, with arguments: ml_model, its name; features, a list, all that it declares unless told;
    missing, the share of missing values that is allowed, 0.05 unless told, or `times` (2) the share in training where
    that is more; out_of_range, the share that may be beyond the lowest and highest value of training, 0.01 unless told;
    default_share, the share that a default value may have, 0.01 unless told, or three times its share in training;
    new_levels, the share that one new level may have, 0 unless told; expected_rows, 5 unless told: a level is gone when
    it would have as many. A failing row per finding: docs/quality.md. None where no version is live, or it is of a
    release that kept no statistics.
#}
{% test like_its_training(
    model, ml_model, features=none, missing=0.05, times=2, out_of_range=0.01, default_share=0.01, new_levels=0,
    expected_rows=5
) %}
{%- set reference, deployments = ref('ml_ledger', 'ml_reference'), ref('ml_ledger', 'ml_deployments') -%}
{%- set spec = ml_ledger.ml_model_spec(ml_model) -%}
{%- set declared = spec.features -%}
{%- set unknown = (features or []) | reject('in', declared) | list -%}
{%- if execute and (unknown or not declared) -%}
    {%- do exceptions.raise_compiler_error(
        'like_its_training of ' ~ ml_model ~ ': features must be declared; got '
            ~ (unknown | join(', ') or 'no declaration')
        ~ '. Allowed: ' ~ (declared.keys() | join(', ') or 'those of a declared ML model') ~ '. Fix: correct the name.'
    ) -%}
{%- endif -%}
{%- set as_of = ml_ledger.quoted(spec.as_of) -%}
{%- set key = [spec.entity, spec.as_of] -%}
{%- set text, double = dbt.type_string(), ml_ledger.type_double() -%}
{%- set limits = {
    'missing': missing, 'times': times, 'out_of_range': out_of_range, 'default_share': default_share,
    'new_levels': new_levels, 'expected_rows': expected_rows,
} -%}
with

live as (
    select version
    from {{ deployments }}
    where
        ml_model = {{ ml_ledger.text_literal(ml_model) }}
        and slot = 'champion'
        and {{ ml_ledger.is_live_at(ml_ledger.clock()) }}
),

reference_statistics as (
    select statistics.*
    from {{ reference }} as statistics
    inner join live
        on statistics.version = live.version
    where
        statistics.ml_model = {{ ml_ledger.text_literal(ml_model) }}
        and statistics.part = 'feature'
),

latest as (
    select *
    from {{ model }}
    where {{ as_of }} = (
        select max({{ as_of }}) from {{ model }} where {{ as_of }} <= {{ ml_ledger.clock() }}
    )
),

findings as (
    select
        cast(null as {{ text }}) as column_name,
        cast(null as {{ text }}) as value,
        cast(null as {{ text }}) as allowed,
        cast(null as {{ dbt.type_bigint() }}) as row_count,
        cast(null as {{ text }}) as example,
        cast(null as {{ text }}) as what_to_do
    where 1 = 0
    {%- for feature in (features or declared.keys()) if feature in declared %}

    union all

    {{ ml_ledger.feature_against_training(
        feature, loop.index, declared[feature].get('kind'), key, limits
    ) | indent(4) }}
    {%- endfor %}
)

select * from findings
{% endtest %}
