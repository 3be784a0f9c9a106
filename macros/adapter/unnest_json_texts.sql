{#
    One row per position of JSON arrays of texts that stand in columns side by side and are equally long; none where
    they are NULL.
    Arguments: relation; arrays, mapping of the name of a new column to the column with the array; keep, list of columns
    of the relation to repeat.
    Returns: SQL, a select.
    Example: {{ ml_ledger.unnest_json_texts(ref('set_aside'), {'reason': 'quarantine_reasons'}, ['order_id']) }}
#}
{% macro unnest_json_texts(relation, arrays, keep) %}
    {% do return(adapter.dispatch('unnest_json_texts', 'ml_ledger')(relation, arrays, keep)) %}
{% endmacro %}

{% macro default__unnest_json_texts(relation, arrays, keep) %}
    {% do ml_ledger.unsupported('unnest_json_texts') %}
{% endmacro %}

{% macro duckdb__unnest_json_texts(relation, arrays, keep) -%}
select
    {%- for column in keep %}
    {{ column }},
    {%- endfor %}
    {%- for name, array in arrays.items() %}
    unnest(from_json({{ array }}, '["varchar"]')) as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ relation }}
{%- endmacro %}
