{#
    The rows of `both_have` in which a feature is not what it was when it was recomputed: their number and one of them.
    Arguments: number, of the feature; name, its column, quoted; tolerance, how far numbers may be apart.
    Returns: SQL, a select.
#}
{% macro changed_feature(number, name, tolerance) -%}
{%- set double = ml_ledger.type_double() -%}
{%- set built, again = 'built_' ~ number, 'recomputed_' ~ number -%}
select
    {{ ml_ledger.text_literal(ml_ledger.column_name(name)) }} as feature,
    count(*) as bad,
    min(row_key || ': ' || coalesce(cast({{ again }} as {{ dbt.type_string() }}), 'NULL') || ' at the cut, '
        || coalesce(cast({{ built }} as {{ dbt.type_string() }}), 'NULL') || ' now') as example
from both_have
where not coalesce(
    {{ 'abs(cast(' ~ built ~ ' as ' ~ double ~ ') - cast(' ~ again ~ ' as ' ~ double ~ ')) <= ' ~ tolerance
        if tolerance > 0 else built ~ ' = ' ~ again }},
    {{ built }} is null and {{ again }} is null
)
{%- endmacro %}
