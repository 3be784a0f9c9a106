{#
    A value with its interval, in words.
    Arguments: alias, of a relation with value, ci_low and ci_high.
    Returns: SQL, an expression.
#}
{% macro alert_interval(alias) -%}
{{ ml_ledger.short_number(alias ~ '.value') }}
    || coalesce(
        ' (' || {{ ml_ledger.short_number(alias ~ '.ci_low') }} || ' to '
        || {{ ml_ledger.short_number(alias ~ '.ci_high') }} || ')', ''
    )
{%- endmacro %}
