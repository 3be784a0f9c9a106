{#
    What the declarations say about experiments, one row per ML model with outcomes that have a mean: tasks binary and
    regression. From `experiment.significance` (0.05), `experiment.power` (0.8) and `experiment.minimum_effect` (NULL).
    Returns: SQL, a select of ml_model, significance, power, minimum_effect and minimum_effect_text.
    Example: {{ ml_ledger.experiment_settings() }}
#}
{% macro experiment_settings() -%}
{%- set text, double, rows = dbt.type_string(), ml_ledger.type_double(), [] -%}
{%- for name in ml_ledger.ml_model_names(['binary', 'regression']) -%}
    {%- set spec = ml_ledger.ml_model_spec(name) -%}
    {%- set minimum_effect = ml_ledger.declared_value(spec, ['experiment', 'minimum_effect'], none) -%}
    {%- do rows.append({
        'ml_model': name,
        'significance': ml_ledger.declared_value(spec, ['experiment', 'significance'], '0.05'),
        'power': ml_ledger.declared_value(spec, ['experiment', 'power'], '0.8'),
        'minimum_effect': minimum_effect,
        'minimum_effect_text': minimum_effect,
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
