{#
    The levels of a category are the known ones: none is new, none is gone. A new and a vanished level with similar
    shares are probably one level that was renamed, such as GB to UK; the finding says so.
    Arguments, one of: levels, a list, or a mapping of level to its usual share; reference, relation with a column of
    this name, whose levels count in the rows for which `reference_where` holds. at_most, the share of rows that one new
    level may have, 0 unless told; expected_rows, 5 unless told: a level is gone when it has no row and at its usual
    share would have as many (a level of a list without shares is gone when it has no row).
    A failing row per level: docs/quality.md. NULL is no level (see mostly_there). None on an empty model.
#}
{% test same_levels(
    model, column_name, levels=none, reference=none, reference_where='1 = 1', at_most=0, expected_rows=5, key=none
) %}
{%- if (levels is none) == (reference is none) -%}
    {%- do exceptions.raise_compiler_error(
        'same_levels on ' ~ column_name ~ ': takes either levels or reference; got '
        ~ ('neither' if levels is none else 'both') ~ '. Fix: declare one of them.'
    ) -%}
{%- endif -%}
{%- set column, name = ml_ledger.column(column_name), ml_ledger.said(ml_ledger.column_name(column_name)) -%}
{%- set text, double = dbt.type_string(), ml_ledger.type_double() -%}
{%- set known -%}
    {% if reference is none -%}
    {% for level in levels -%}
    select
        cast({{ ml_ledger.text_literal(level) }} as {{ text }}) as level_text,
        cast({{ levels[level] if levels is mapping else 'null' }} as {{ double }}) as share
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor -%}
    {%- else -%}
    select
        cast({{ column }} as {{ text }}) as level_text,
        count(*) / cast(sum(count(*)) over () as {{ double }}) as share
    from {{ reference }}
    where {{ column }} is not null and ({{ reference_where }})
    group by 1
    {%- endif %}
{%- endset -%}
{{ ml_ledger.level_findings(
    model, column, known, at_most, expected_rows, key, name=ml_ledger.column_name(column_name)
) }}
{% endtest %}
