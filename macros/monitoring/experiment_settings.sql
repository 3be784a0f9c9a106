{#
    What the declarations say about experiments, one row per ML model with outcomes that have a mean: tasks binary and
    regression. From `experiment.significance` (0.05), `experiment.power` (0.8) and `experiment.minimum_effect` (NULL).
    Returns: SQL, a select of ml_model, significance, power, minimum_effect and minimum_effect_text.
    Example: {{ ml_ledger.experiment_settings() }}
#}
{% macro experiment_settings() -%}
{%- set text, double = dbt.type_string(), ml_ledger.type_double() -%}
{%- for name in ml_ledger.ml_model_names(['binary', 'regression']) -%}
{%- set declared = ml_ledger.ml_model_spec(name).get('experiment') -%}
{%- set experiment = declared if declared is mapping else {} -%}
{%- set minimum_effect = experiment.get('minimum_effect') -%}
select
    '{{ name }}' as ml_model,
    cast({{ experiment.get('significance', 0.05) }} as {{ double }}) as significance,
    cast({{ experiment.get('power', 0.8) }} as {{ double }}) as power,
    cast({{ 'null' if minimum_effect is none else minimum_effect }} as {{ double }}) as minimum_effect,
    cast({{ 'null' if minimum_effect is none else "'" ~ minimum_effect ~ "'" }} as {{ text }}) as minimum_effect_text
{% if not loop.last %}
union all
{% endif -%}
{%- else -%}
select
    cast(null as {{ text }}) as ml_model,
    cast(null as {{ double }}) as significance,
    cast(null as {{ double }}) as power,
    cast(null as {{ double }}) as minimum_effect,
    cast(null as {{ text }}) as minimum_effect_text
where 1 = 0
{% endfor -%}
{%- endmacro %}
