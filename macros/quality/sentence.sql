{#
    A sentence with values of columns in it, as SQL.
    Arguments: template, text in which {total} stands for the column `total`; a value that is NULL is written NULL.
    Returns: SQL, a text.
    Example: {{ ml_ledger.sentence('{bad} of {total} rows are out of bounds.') }}
#}
{% macro sentence(template) %}
    {% do return(modules.re.sub(
        '\\{([a-z_][a-z0-9_]*)\\}',
        "' || coalesce(cast(\\1 as " ~ dbt.type_string() ~ "), 'NULL') || '",
        ml_ledger.text_literal(template)
    )) %}
{% endmacro %}
