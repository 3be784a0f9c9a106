{#
    The budgets that ML models declare under `monitoring.budget`: one row per ML model and limit.
    Returns: SQL, a select of ml_model, budget (seconds_per_run or cost_per_month) and allowed.
    Example: {{ ml_ledger.declared_budgets() }}
#}
{% macro declared_budgets() -%}
{%- set text, double = dbt.type_string(), ml_ledger.type_double() -%}
{%- for name in ml_ledger.ml_model_names(declaring='monitoring') -%}
{%- for budget in ['seconds_per_run', 'cost_per_month'] -%}
{%- set allowed = ml_ledger.declared_value(ml_ledger.ml_model_spec(name), ['monitoring', 'budget', budget], none) -%}
{%- if allowed is not none %}
select
    {{ ml_ledger.text_literal(name) }} as ml_model,
    '{{ budget }}' as budget,
    cast({{ ml_ledger.text_literal(allowed) }} as {{ double }}) as allowed

union all
{% endif -%}
{%- endfor -%}
{%- endfor %}
select
    cast(null as {{ text }}) as ml_model,
    cast(null as {{ text }}) as budget,
    cast(null as {{ double }}) as allowed
where 1 = 0
{%- endmacro %}
