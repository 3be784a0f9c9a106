{#
    A metric in a period beside what it is compared with, in words: "AUC 0.7170 (0.7080 to 0.7260) in the period from
    1997-06-01; 0.8400 (0.8320 to 0.8480) at release".
    Arguments: title, of the metric, an SQL expression; measured and other, aliases of relations with value, ci_low and
    ci_high (measured with period_start, too); what, says what the other is.
    Returns: SQL, an expression.
#}
{% macro alert_compared(title, measured, other, what) -%}
{{ title }} || ' ' || {{ ml_ledger.alert_interval(measured) }} || ' in the period from '
    || cast(cast({{ measured }}.period_start as date) as {{ dbt.type_string() }}) || '; '
    || {{ ml_ledger.alert_interval(other) }} || {{ ml_ledger.text_literal(' ' ~ what) }}
{%- endmacro %}
