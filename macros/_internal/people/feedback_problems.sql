{#
    Feedback that cannot be recorded, of every ML model that names relations for it.
    Returns: SQL, a select of ml_model, source, given_in, what was given as `given_feedback` has it, and problem.
    Example: {{ ml_ledger.feedback_problems() }}
#}
{% macro feedback_problems() -%}
{%- set text = dbt.type_string() -%}
{%- set names = [] -%}
{%- for name in ml_ledger.ml_model_names(declaring='review') if ml_ledger.feedback_relations(name) -%}
    {%- do names.append(name) -%}
{%- endfor -%}
{%- for name in names %}
select
    '{{ name }}' as ml_model,
    source,
    given_in,
    coalesce(decision_id, found_id) as decision_id,
    entity_id,
    as_of,
    reviewer,
    kind,
    verdict,
    override_decision,
    reason,
    given_at,
    problem
from (
    {{
        ml_ledger.checked_feedback(
            ml_model=name,
            predictions=ref(project_name, name ~ '_predictions'),
            given=ml_ledger.given_feedback(name),
            so_far=ref(project_name, name ~ '_feedback'),
        ) | indent(4)
    }}
) as checked
where problem is not null
{% if not loop.last -%}
union all
{% endif -%}
{%- else -%}
select
    {%- for column in [
        'ml_model', 'source', 'given_in', 'decision_id', 'entity_id', 'as_of', 'reviewer', 'kind', 'verdict',
        'override_decision', 'reason', 'given_at',
    ] %}
    cast(null as {{ text }}) as {{ column }},
    {%- endfor %}
    cast(null as {{ text }}) as problem
where 1 = 0
{%- endfor %}
{%- endmacro %}
