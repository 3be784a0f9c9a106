{#
    One column per declared class of a task multiclass with its probability, named by `class_columns`. NULL for a class
    that the version does not know.
    Arguments: classes, list of names; version, one element of `live_versions`, or none for columns of NULL; prefix, of
    columns to select again by name ('predictions.'), instead.
    Returns: SQL, each column with a comma behind it.
    Example: {{ ml_ledger.class_probabilities(spec.classes, version) }}
#}
{% macro class_probabilities(classes, version=none, prefix=none) -%}
{%- set null_double = 'cast(null as ' ~ ml_ledger.type_double() ~ ')' -%}
{%- set columns = ml_ledger.class_columns(classes or []) -%}
{%- for class in columns -%}
    {%- set column = ml_ledger.quoted(columns[class]) -%}
    {%- set known = version.outputs | map(attribute='name') | list if version is not none else [] -%}
    {%- if prefix is not none %}
        {{ prefix ~ column }},
    {%- else %}
        {{ '_ml_output' ~ (known.index(class) + 1) if class in known else null_double }} as {{ column }},
    {%- endif -%}
{%- endfor -%}
{%- endmacro %}
