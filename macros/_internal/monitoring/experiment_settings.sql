{#
    What the declarations say about experiments, one row per ML model with outcomes that have a mean: tasks binary and
    regression. From the block `experiment`.
    Returns: SQL, a select of ml_model, significance, power, minimum_effect and minimum_effect_text.
    Example: {{ ml_ledger.experiment_settings() }}
#}
{% macro experiment_settings() -%}
{%- set text, double, rows = dbt.type_string(), ml_ledger.type_double(), [] -%}
{%- for name in ml_ledger.ml_model_names(['binary', 'regression']) -%}
    {%- set experiment = ml_ledger.ml_model_spec(name).experiment -%}
    {%- do rows.append({
        'ml_model': name,
        'significance': experiment.significance,
        'power': experiment.power,
        'minimum_effect': experiment.minimum_effect,
        'minimum_effect_text': experiment.minimum_effect,
    }) -%}
{%- endfor -%}
{{
    ml_ledger.declared_rows({
        'ml_model': text,
        'significance': double,
        'power': double,
        'minimum_effect': double,
        'minimum_effect_text': text,
    }, rows)
}}
{%- endmacro %}
