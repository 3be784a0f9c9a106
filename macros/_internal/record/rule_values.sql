{#
    What rules give for decisions, by evaluating their expressions on the inputs as scored.
    Arguments: rules, list as returned by `rule_versions`; predictions, the relation of the decisions.
    Returns: SQL, a select with one row per decision and term: decision_id, output, term, rule_value. No row without
    rules.
    Example: {{ ml_ledger.rule_values(rules, 'predictions') }}
#}
{% macro rule_values(rules, predictions) -%}
{%- set text, whole, double = dbt.type_string(), dbt.type_bigint(), ml_ledger.type_double() -%}
{%- for rule in rules -%}
select
    _ml_decision_id as decision_id,
    cast('{{ rule.output }}' as {{ text }}) as output,
    cast({{ rule.term }} as {{ whole }}) as term,
    cast({{ rule.expression }} as {{ double }}) as rule_value
from (
    select
        {%- for feature in rule.features %}
        {{ ml_ledger.json_value('features', ml_ledger.text_literal(feature)) }} as {{ ml_ledger.quoted(feature) }},
        {%- endfor %}
        decision_id as _ml_decision_id
    from {{ predictions }}
    where ml_model = '{{ rule.ml_model }}' and version = {{ rule.version }}
) as _ml_rule{{ loop.index }}
{%- if not loop.last %}

union all

{% endif -%}
{%- else -%}
select
    cast(null as {{ text }}) as decision_id,
    cast(null as {{ text }}) as output,
    cast(null as {{ whole }}) as term,
    cast(null as {{ double }}) as rule_value
where 1 = 0
{%- endfor -%}
{%- endmacro %}
