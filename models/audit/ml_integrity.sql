{%- set numbers = {'versions': 'version', 'deployments': 'event_number', 'batches': 'batch_number'} -%}
with

problems as (
    {%- for name in ml_ledger.ml_model_names() %}
    {%- for node, number in numbers.items() %}
    {{ ml_ledger.chain_problems(name, ref(project_name, name ~ '_' ~ node), number) | indent(4) }}

    union all
    {% endfor %}
    {{
        ml_ledger.prediction_problems(
            ml_model=name,
            versions=ref(project_name, name ~ '_versions'),
            deployments=ref(project_name, name ~ '_deployments'),
            predictions=ref(project_name, name ~ '_predictions'),
            batches=ref(project_name, name ~ '_batches'),
        ) | indent(4)
    }}

    union all
    {% endfor %}
    {{ ml_ledger.no_problems() | indent(4) }}
)

select
    ml_model,
    table_name,
    row_name,
    problem
from problems
