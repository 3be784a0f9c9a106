{#
    Why a row has no score: the features to whose values no coefficient applies, with the values; else what a rule gave.
    Arguments: terms, list of names, in the order of the contributions `_ml_c1_1`, `_ml_c1_2`, ...; none is a rule's
    expression; a feature with several terms occurs as often, and is named once; features, the columns among them: the
    others are pairs, for which the terms of their features speak.
    Returns: SQL.
    Example: {{ ml_ledger.rejected_because(['recency_days'], ['recency_days']) }} as rejected_because
#}
{% macro rejected_because(terms, features) -%}
{%- if none in terms -%}
    {%- set value = '_ml_expression1_' ~ (terms.index(none) + 1) -%}
    {%- set otherwise = "coalesce('the rule gives ' || cast(" ~ value ~ ' as ' ~ dbt.type_string()
        ~ ") || ', which is no valid score', 'the rule gives no value')" -%}
{%- else -%}
    {%- set otherwise = "'the score is not a finite number'" -%}
{%- endif -%}
{%- set unmatched = {} -%}
{%- for name in terms -%}
    {%- if name in features -%}
        {%- do unmatched.setdefault(name, []).append('_ml_c1_' ~ loop.index ~ ' is null') -%}
    {%- endif -%}
{%- endfor -%}
{%- if not unmatched -%}
{{ otherwise }}
{%- else -%}
coalesce(nullif(concat_ws(
                    ', '
                    {%- for name, conditions in unmatched.items() %},
                    case
                        when {{ ml_ledger.quoted(name) }} is null and ({{ conditions | join(' or ') }})
                            then {{ ml_ledger.text_literal(name ~ ' is missing') }}
                        when {{ conditions | join(' or ') }}
                            then {{ ml_ledger.text_literal('no coefficient applies to ' ~ name ~ ' = ') }}
                                || cast({{ ml_ledger.quoted(name) }} as {{ dbt.type_string() }})
                    end
                    {%- endfor %}
                ), ''), {{ otherwise }})
{%- endif -%}
{%- endmacro %}
