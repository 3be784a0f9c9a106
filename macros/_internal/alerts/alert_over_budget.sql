{#
    Rule over_budget: the last run took longer than `monitoring.budget` allows, or the month has cost more.
    docs/alerts/over_budget.md
    Arguments: ml_model, its name; budgets, the relation ml_budgets.
    Returns: SQL, as `alert_rules` says.
#}
{% macro alert_over_budget(ml_model, budgets) -%}
select
    'warn' as severity,
    {{ ml_ledger.alert_subject(metric='budgets.budget') }},
    budgets.spent as value,
    budgets.allowed as threshold,
    replace(budgets.budget, '_', ' ') || ': ' || {{ ml_ledger.short_number('budgets.spent') }} || ' of '
    || {{ ml_ledger.short_number('budgets.allowed') }} as message
from {{ budgets }} as budgets
where
    budgets.ml_model = '{{ ml_model }}'
    and budgets.over_budget
{%- endmacro %}
