{#
    Feedback as it was given, from every relation that `review.feedback` of the declaration names, brought to one shape:
    all texts, trimmed, an empty one NULL; a column that a relation does not have is NULL. A moment with a time zone is
    taken in UTC. Where kind is not said, it is 'override' with an override_decision, else 'verdict' with a verdict.
    Arguments: ml_model, its name.
    Returns: SQL, a select of decision_id, entity_id, as_of, reviewer, kind, verdict, override_decision, reason,
    given_at, source ('seed' or 'source'), given_in (name of the relation), has_numbers (1 where its entity_id is a
    number).
    Example: {{ ml_ledger.given_feedback('repurchase') }}
#}
{% macro given_feedback(ml_model) %}
{%- set selects = [] -%}
{%- for relation in ml_ledger.feedback_relations(ml_model) -%}
    {%- set known = ml_ledger.column_types(relation) -%}
    {%- set node = ml_ledger.node_of(relation) -%}
    {%- set texts = {} -%}
    {%- for column in ml_ledger.given_columns() -%}
        {%- set zoned = column in known and ml_ledger.has_time_zone(known[column]) -%}
        {%- set there = ml_ledger.utc_moment(column, zoned) if zoned else column -%}
        {%- do texts.update({column: there if not known or column in known else 'null'}) -%}
    {%- endfor -%}
    {%- do selects.append(ml_ledger.shaped_feedback(
        texts, relation, 'seed' if node is not none and node.resource_type == 'seed' else 'source', relation.identifier,
        has_numbers='entity_id' in known and ml_ledger.column_kind(known['entity_id']) == 'numeric',
    )) -%}
{%- endfor -%}
{%- if not selects -%}
    {%- set nothing = {} -%}
    {%- for column in ml_ledger.given_columns() -%}
        {%- do nothing.update({column: 'null'}) -%}
    {%- endfor -%}
    {%- do selects.append(
        ml_ledger.shaped_feedback(nothing, '(select 1 as nothing)', 'source', '') ~ '\nwhere 1 = 0'
    ) -%}
{%- endif -%}
{{ selects | join('\n\nunion all\n\n') }}
{% endmacro %}

{#
    What whoever gives feedback says of it.
    Returns: list of column names.
#}
{% macro given_columns() %}
    {% do return([
        'decision_id', 'entity_id', 'as_of', 'reviewer', 'kind', 'verdict', 'override_decision', 'reason', 'given_at',
    ]) %}
{% endmacro %}

{#
    Feedback of one relation in the one shape.
    Arguments: texts, mapping of each of `given_columns` to SQL; relation, relation or SQL of one; source, given_in,
    texts; has_numbers, whether its entity_id is a number, so that nobody knows whether 022 was written.
    Returns: SQL, a select.
#}
{% macro shaped_feedback(texts, relation, source, given_in, has_numbers=false) -%}
{%- set text = dbt.type_string() -%}
select
    {%- for column in ml_ledger.given_columns() if column != 'kind' %}
    nullif(trim(cast({{ texts[column] }} as {{ text }})), '') as {{ column }},
    {%- endfor %}
    coalesce(
        lower(nullif(trim(cast({{ texts['kind'] }} as {{ text }})), '')),
        case
            when nullif(trim(cast({{ texts['override_decision'] }} as {{ text }})), '') is not null then 'override'
            when nullif(trim(cast({{ texts['verdict'] }} as {{ text }})), '') is not null then 'verdict'
        end
    ) as kind,
    {{ ml_ledger.text_literal(source) }} as source,
    {{ ml_ledger.text_literal(given_in) }} as given_in,
    {{ 1 if has_numbers else 0 }} as has_numbers
from {{ relation }} as given
{%- endmacro %}

{#
    The relations that the declaration names for feedback: `name` of a seed or dbt model, `source_name.table` of a
    source.
    Arguments: ml_model, its name.
    Returns: list of relations.
#}
{% macro feedback_relations(ml_model) %}
    {% set review, relations = ml_ledger.ml_model_spec(ml_model).review, [] %}
    {% for name in (review.feedback if review else none) or [] %}
        {% do relations.append(ml_ledger.named_relation(name)) %}
    {% endfor %}
    {% do return(relations) %}
{% endmacro %}
