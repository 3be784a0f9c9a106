{#
    One column per declared class of a task multiclass with its probability, `probability_<class>`: in lower case, with
    `_` for everything but letters and digits. NULL for a class that the version does not know.
    Arguments: classes, list of names; version, one element of `live_versions`, or none for columns of NULL; prefix, of
    columns to select again by name ('predictions.'), instead.
    Returns: SQL, each column with a comma behind it.
    Example: {{ ml_ledger.class_probabilities(spec.classes, version) }}
#}
{% macro class_probabilities(classes, version=none, prefix=none) -%}
{%- set null_double = 'cast(null as ' ~ ml_ledger.type_double() ~ ')' -%}
{%- for class in classes or [] -%}
    {%- set column = ml_ledger.class_column(class) -%}
    {%- set known = version.outputs | map(attribute='name') | list if version is not none else [] -%}
    {%- if prefix is not none %}
        {{ prefix ~ column }},
    {%- else %}
        {{ '_ml_output' ~ (known.index(class) + 1) if class in known else null_double }} as {{ column }},
    {%- endif -%}
{%- endfor -%}
{%- endmacro %}

{#
    The column that holds the probability of a class.
    Arguments: class, its name.
    Returns: string.
#}
{% macro class_column(class) %}
    {% do return('probability_' ~ modules.re.sub('[^a-z0-9_]+', '_', class | lower)) %}
{% endmacro %}
