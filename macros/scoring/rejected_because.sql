{#
    Why a row has no score: the features to whose values no coefficient applies, with the values.
    Arguments: features, list of names, in the order of the contributions `_ml_c1_1`, `_ml_c1_2`, ...
    Returns: SQL.
    Example: {{ ml_ledger.rejected_because(['recency_days']) }} as rejected_because
#}
{% macro rejected_because(features) -%}
{%- if not features -%}
'the score is not a finite number'
{%- else -%}
coalesce(nullif(concat_ws(
                    ', '
                    {%- for name in features %},
                    case
                        when {{ adapter.quote(name) }} is null and _ml_c1_{{ loop.index }} is null
                            then '{{ name }} is missing'
                        when _ml_c1_{{ loop.index }} is null
                            then 'no coefficient applies to {{ name }} = ' || cast({{ adapter.quote(name) }} as {{ dbt.type_string() }})
                    end
                    {%- endfor %}
                ), ''), 'the score is not a finite number')
{%- endif -%}
{%- endmacro %}
