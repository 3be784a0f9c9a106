{%- set numbers = {'versions': 'version', 'deployments': 'event_number', 'batches': 'batch_number'} -%}
{%- set problems = [ml_ledger.no_problems()] -%}
{%- for name in ml_ledger.ml_model_names() -%}
    {%- for node, number in numbers.items() -%}
        {%- do problems.append(ml_ledger.chain_problems(name, ref(project_name, name ~ '_' ~ node), number)) -%}
    {%- endfor -%}
    {%- do problems.append(ml_ledger.prediction_problems(
        ml_model=name,
        versions=ref(project_name, name ~ '_versions'),
        deployments=ref(project_name, name ~ '_deployments'),
        predictions=ref(project_name, name ~ '_predictions'),
        batches=ref(project_name, name ~ '_batches'),
    )) -%}
{%- endfor -%}
{%- for name in ml_ledger.ml_model_names(declaring='review') -%}
    {%- set feedback = ref(project_name, name ~ '_feedback') -%}
    {%- do problems.append(ml_ledger.chain_problems(name, feedback, 'feedback_number', ['reason', 'reason_salt'])) -%}
    {%- do problems.append(ml_ledger.reason_problems(
        name, feedback, ref(project_name, name ~ '_predictions'), ref(project_name, name ~ '_deployments')
    )) -%}
{%- endfor -%}
with

problems as (
    {{ problems | join('\n\nunion all\n\n') | indent(4) }}
)

select
    ml_model,
    table_name,
    row_name,
    problem
from problems
