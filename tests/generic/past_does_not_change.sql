{#
    Leakage: features come out the same when later events are removed. The model has the features as built; the rows
    that it shares with the same features computed as of an earlier cut must be equal.
    Arguments: recomputed, relation with the features as of the cut; key, the columns of entity and as-of date; columns,
    a list of those to compare, all but the key unless told; tolerance, how far numbers may be apart, 0 unless told
    (above 0, all columns are compared as numbers).
    A failing row per column, and one if the two have no row in common: docs/quality.md, which says how to make
    `recomputed`.
#}
{% test past_does_not_change(model, recomputed, key, columns=none, tolerance=0) %}
{%- set key_names, names = [], ml_ledger.columns(columns or []) -%}
{%- for column in key -%}{%- do key_names.append(ml_ledger.column_name(column) | lower) -%}{%- endfor -%}
{%- if columns is none -%}
    {%- for column in ml_ledger.columns_of(model, 'columns') if column.name | lower not in key_names -%}
        {%- do names.append(ml_ledger.quoted(column.name)) -%}
    {%- endfor -%}
{%- endif -%}
with

as_built as (
    select * from {{ model }}
),

both_have as (
    select
        {{ ml_ledger.key_text(key, '_ml_built') }} as row_key
        {%- for name in names %},
        _ml_built.{{ name }} as built_{{ loop.index }},
        _ml_again.{{ name }} as recomputed_{{ loop.index }}
        {%- endfor %}
    from as_built as _ml_built
    inner join {{ recomputed }} as _ml_again
        on
            {% for column in ml_ledger.columns(key) -%}
            {{ 'and ' if not loop.first }}_ml_built.{{ column }} = _ml_again.{{ column }}
            {% endfor %}
),

compared as (
    select count(*) as total
    from both_have
),

changed as (
    {% for name in names -%}
    {{ ml_ledger.changed_feature(loop.index, name, tolerance) | indent(4) }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- else -%}
    select
        'none' as feature,
        0 as bad,
        '' as example
    {%- endfor -%}
)

select
    changed.feature as column_name,
    cast(changed.bad as {{ dbt.type_string() }}) as value,
    'no change of the past' as allowed,
    cast(changed.bad as {{ dbt.type_bigint() }}) as row_count,
    changed.example,
    {{ ml_ledger.sentence(
        'Leakage: {feature} of {bad} of {total} past rows changed when later events came (for example {example}). It'
            ~ ' looks into '
        ~ 'the future. Fix: let it read only events before the as-of date, known by then; a late correction of the'
        ~ ' source also '
        ~ 'shows here: then keep it with the moment at which it became known.'
    ) }} as what_to_do
from changed
cross join compared
where changed.bad > 0

union all

select
    {{ ml_ledger.finding(
        key | join(', '), '0', ml_ledger.text_literal('rows in common'), '0',
        ml_ledger.text_literal('none'),
        ml_ledger.text_literal(
            'Nothing was compared: the features and those recomputed at the cut have no ' ~ key | join(', ')
            ~ ' in common. Fix: choose a cut after the first as-of date, and compute both from the same source.'
        )
    ) }}
from compared
where total = 0
{% endtest %}
