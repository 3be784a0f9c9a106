{#
    The key of a row as a text that finds it again: customer_id = 17, as_of_date = 1998-01-01.
    Arguments: key, a column, a list of columns, or none; relation, name before the columns.
    Returns: SQL, a text that is never NULL.
    Example: min(case when amount is null then {{ ml_ledger.key_text(['customer_id', 'as_of_date']) }} end) as example
#}
{% macro key_text(key, relation=none) %}
    {% if not key %}
        {% do return("'(declare key to see which)'") %}
    {% endif %}
    {% set parts = [] %}
    {% for column in ml_ledger.as_list(key) %}
        {% do parts.append(
            ml_ledger.text_literal((', ' if not loop.first else '') ~ ml_ledger.column_name(column) ~ ' = ')
            ~ ' || coalesce(cast(' ~ ml_ledger.column(column, relation) ~ ' as ' ~ dbt.type_string() ~ "), 'NULL')"
        ) %}
    {% endfor %}
    {% do return(parts | join(' || ')) %}
{% endmacro %}
