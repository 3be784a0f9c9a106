{# A column, or a list of columns, as a list. #}
{% macro as_list(columns) %}
    {% do return([columns] if columns is string else columns) %}
{% endmacro %}

{# How the columns of an entity are called among generated columns. Returns: list of names. #}
{% macro entity_names(columns) %}
    {% if columns | length == 1 %}
        {% do return(['_ml_entity']) %}
    {% endif %}
    {% set names = [] %}
    {% for column in columns %}
        {% do names.append('_ml_entity_' ~ loop.index) %}
    {% endfor %}
    {% do return(names) %}
{% endmacro %}

{# Two relations that are joined where their columns, in order, are equal. Returns: SQL, a condition. #}
{% macro same_entity(left, left_columns, right, right_columns) %}
    {% set conditions = [] %}
    {% for column in left_columns %}
        {% do conditions.append(
            ml_ledger.column(column, left) ~ ' = ' ~ ml_ledger.column(right_columns[loop.index0], right)
        ) %}
    {% endfor %}
    {% do return(conditions | join('\nand ')) %}
{% endmacro %}

{# None of the columns is NULL; those that are none are left out. Returns: SQL, a condition. #}
{% macro all_there(columns) %}
    {% do return((ml_ledger.columns(columns | select('string') | list) | join(' is not null and ')) ~ ' is not null') %}
{% endmacro %}

{#
    Columns by the argument that names them, for errors: the elements of a list each by their own.
    Returns: mapping; what is neither a text nor a list of at least one is under the argument itself.
#}
{% macro by_argument(argument, columns) %}
    {% if columns is string or columns is mapping or columns is not sequence or not columns %}
        {% do return({argument: columns}) %}
    {% endif %}
    {% set named = {} %}
    {% for column in columns %}
        {% do named.update({argument ~ '[' ~ loop.index0 ~ ']': column}) %}
    {% endfor %}
    {% do return(named) %}
{% endmacro %}

{# What is wrong with two entities that are compared, column by column. Returns: list of texts. #}
{% macro unequal_entities(argument, columns, other_argument, other_columns) %}
    {% set number = ml_ledger.by_argument('', columns) | length %}
    {% set other = ml_ledger.by_argument('', other_columns) | length %}
    {% if number == other %}
        {% do return([]) %}
    {% endif %}
    {% do return([
        argument ~ ': must name as many columns as ' ~ other_argument ~ ', in the same order; got ' ~ columns | tojson
        ~ ' against ' ~ other_columns | tojson ~ '. Fix: name the columns that go together.'
    ]) %}
{% endmacro %}
