{%- set text, whole = dbt.type_string(), dbt.type_bigint() -%}
{#- What the declarations say: by column the SQL of its type, and where the value stands. -#}
{%- set words = {
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
{%- set dates = ['last_validation', 'next_validation'] -%}
with

declared as (
    {%- for name in ml_ledger.ml_model_names() %}
    {%- do ml_ledger.refuse_dates(name, ml_ledger.ml_model_spec(name)) %}
    select
        {{ ml_ledger.text_literal(name) }} as ml_model,
        {%- for column, keys in words.items() %}
        {%- set value = ml_ledger.declared_value(ml_ledger.ml_model_spec(name), keys, defaults.get(column)) %}
        cast({{ ml_ledger.text_literal(value) }} as {{ 'date' if column in dates else text }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- else %}
    select
        cast(null as {{ text }}) as ml_model,
        {%- for column in words %}
        cast(null as {{ 'date' if column in dates else text }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    where 1 = 0
    {%- endfor %}
),

trained as (
    select
        ml_model,
        count(*) as versions
    from {{ ref('ml_versions') }}
    group by ml_model
),

live as (
    select
        ml_model,
        max(version) as live_version
    from {{ ref('ml_deployments') }}
    where
        slot = 'champion'
        and valid_from <= {{ ml_ledger.clock() }}
        and (valid_to is null or valid_to > {{ ml_ledger.clock() }})
    group by ml_model
)

select
    declared.ml_model,
    declared.task,
    declared.description,
    declared.owner,
    declared.validator,
    declared.purpose,
    declared.restrictions,
    declared.materiality,
    declared.assumptions,
    declared.limits,
    declared.last_validation,
    declared.next_validation,
    declared.open_findings,
    declared.policy,
    live.live_version,
    cast(coalesce(trained.versions, 0) as {{ whole }}) as versions,
    coalesce(declared.next_validation < {{ ml_ledger.clock() }}, false) as validation_overdue
from declared
left join trained on declared.ml_model = trained.ml_model
left join live on declared.ml_model = live.ml_model
