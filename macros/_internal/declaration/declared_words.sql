{#
    What the declarations say of every ML model in words: one row each. Lists are JSON texts.
    Returns: SQL, a select of ml_model, task, description, owner, policy and the keys of governance, all
    as text. No row where no ML model is declared.
    Example: {{ ml_ledger.declared_words() }}
#}
{% macro declared_words() -%}
{%- set text, columns, rows = dbt.type_string(), {}, [] -%}
{%- for name in ml_ledger.ml_model_names() -%}
    {%- set spec = ml_ledger.ml_model_spec(name) -%}
    {%- do rows.append(dict(
        spec.governance,
        ml_model=name,
        task=spec.task,
        description=spec.description,
        owner=spec.owner,
        policy=ml_ledger.deployment_policy(name),
    )) -%}
{%- endfor -%}
{%- set governance = ml_ledger.declared_blocks()['governance'] | list -%}
{%- for column in ['task', 'description', 'owner'] + governance + ['policy', 'ml_model'] -%}
    {%- do columns.update({column: text}) -%}
{%- endfor -%}
{{ ml_ledger.declared_rows(columns, rows) }}
{%- endmacro %}
