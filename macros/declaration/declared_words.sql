{#
    What the declarations say of every ML model in words: one row each. Lists are JSON texts.
    Returns: SQL, a select of ml_model, task, description, owner, policy and the keys of governance, all
    as text. No row where no ML model is declared.
    Example: {{ ml_ledger.declared_words() }}
#}
{% macro declared_words() -%}
{%- set places = {
    'task': ['task'],
    'description': ['description'],
    'owner': ['owner'],
    'validator': ['governance', 'validator'],
    'purpose': ['governance', 'purpose'],
    'restrictions': ['governance', 'restrictions'],
    'materiality': ['governance', 'materiality'],
    'assumptions': ['governance', 'assumptions'],
    'limits': ['governance', 'limits'],
    'last_validation': ['governance', 'last_validation'],
    'next_validation': ['governance', 'next_validation'],
    'open_findings': ['governance', 'open_findings'],
    'policy': ['deployment', 'policy'],
} -%}
{%- set defaults = {
    'materiality': 'low', 'policy': 'auto', 'restrictions': [], 'assumptions': [], 'limits': [], 'open_findings': [],
} -%}
{%- set text, rows = dbt.type_string(), [] -%}
{%- for name in ml_ledger.ml_model_names() -%}
    {%- set spec = ml_ledger.ml_model_spec(name) -%}
    {%- set row = {'ml_model': name} -%}
    {%- for column, keys in places.items() -%}
        {%- do row.update({column: ml_ledger.declared_value(spec, keys, defaults.get(column))}) -%}
    {%- endfor -%}
    {%- do rows.append(row) -%}
{%- endfor -%}
{%- set columns = {} -%}
{%- for column in (places | list) + ['ml_model'] -%}
    {%- do columns.update({column: text}) -%}
{%- endfor -%}
{{ ml_ledger.declared_rows(columns, rows) }}
{%- endmacro %}
