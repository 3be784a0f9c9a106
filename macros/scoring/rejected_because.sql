{#
    Why a row has no score: the features to whose values no coefficient applies, with the values.
    Arguments: features, list of names, in the order of the contributions `_ml_c1_1`, `_ml_c1_2`, ...; a feature with
    several terms occurs as often, and is named once.
    Returns: SQL.
    Example: {{ ml_ledger.rejected_because(['recency_days']) }} as rejected_because
#}
{% macro rejected_because(features) -%}
{%- set unmatched = {} -%}
{%- for name in features -%}
    {%- do unmatched.setdefault(name, []).append('_ml_c1_' ~ loop.index ~ ' is null') -%}
{%- endfor -%}
{%- if not features -%}
'the score is not a finite number'
{%- else -%}
coalesce(nullif(concat_ws(
                    ', '
                    {%- for name, conditions in unmatched.items() %},
                    case
                        when {{ adapter.quote(name) }} is null and ({{ conditions | join(' or ') }})
                            then '{{ name }} is missing'
                        when {{ conditions | join(' or ') }}
                            then 'no coefficient applies to {{ name }} = ' || cast({{ adapter.quote(name) }} as {{ dbt.type_string() }})
                    end
                    {%- endfor %}
                ), ''), 'the score is not a finite number')
{%- endif -%}
{%- endmacro %}
