{#
    The budgets that ML models declare under `monitoring.budget`: one row per ML model and limit.
    Returns: SQL, a select of ml_model, budget (seconds_per_run or cost_per_month) and allowed.
    Example: {{ ml_ledger.declared_budgets() }}
#}
{% macro declared_budgets() -%}
{%- set text, rows = dbt.type_string(), [] -%}
{%- for name in ml_ledger.ml_model_names(declaring='monitoring') -%}
    {%- for budget in ['seconds_per_run', 'cost_per_month'] -%}
        {%- set spec = ml_ledger.ml_model_spec(name) -%}
        {%- set allowed = ml_ledger.declared_value(spec, ['monitoring', 'budget', budget], none) -%}
        {%- if allowed is not none -%}
            {%- do rows.append({'ml_model': name, 'budget': budget, 'allowed': allowed}) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endfor -%}
{{ ml_ledger.declared_rows({'ml_model': text, 'budget': text, 'allowed': ml_ledger.type_double()}, rows) }}
{%- endmacro %}
