{#
    The budgets that ML models declare under `monitoring.budget`: one row per ML model and limit.
    Returns: SQL, a select of ml_model, budget (seconds_per_run or cost_per_month) and allowed.
    Example: {{ ml_ledger.declared_budgets() }}
#}
{% macro declared_budgets() -%}
{%- set text, rows = dbt.type_string(), [] -%}
{%- for name in ml_ledger.ml_model_names(declaring='monitoring.budget') -%}
    {%- for budget, allowed in ml_ledger.ml_model_spec(name).monitoring.budget.items() if allowed is not none -%}
        {%- do rows.append({'ml_model': name, 'budget': budget, 'allowed': allowed}) -%}
    {%- endfor -%}
{%- endfor -%}
{{ ml_ledger.declared_rows({'ml_model': text, 'budget': text, 'allowed': ml_ledger.type_double()}, rows) }}
{%- endmacro %}
