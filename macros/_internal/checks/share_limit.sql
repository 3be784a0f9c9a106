{#
    The share of rows that may have a fault: `at_most`, or, with a reference, `times` its share there, whichever is
    larger.
    Arguments: condition, SQL that says which rows of the reference have it; at_most and times, numbers; reference,
    relation or none; reference_where, SQL that limits it.
    Returns: SQL, a select of one row with the column `allowed`, a double.
    Example: {{ ml_ledger.share_limit('amount is null', 0.05, 2, ref('orders_last_year')) }}
#}
{% macro share_limit(condition, at_most, times, reference=none, reference_where='1 = 1') -%}
{%- if reference is none -%}
select cast({{ at_most }} as {{ ml_ledger.type_double() }}) as allowed
{%- else -%}
select
        greatest(
            cast({{ at_most }} as {{ ml_ledger.type_double() }}),
            {{ times }} * coalesce(
                {{ ml_ledger.share_of('sum(case when ' ~ condition ~ ' then 1 else 0 end)', 'count(*)') }}, 0
            )
        ) as allowed
    from {{ reference }}
    where {{ reference_where }}
{%- endif -%}
{%- endmacro %}
