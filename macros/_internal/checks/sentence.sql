{#
    A sentence with values of columns in it, as SQL.
    Arguments: template, text in which {total} stands for the column `total`, and {"Order no."} for one whose name is no
    plain word; a value that is NULL is written NULL. Names of users are put into it by `said`.
    Returns: SQL, a text.
    Example: {{ ml_ledger.sentence('{bad} of {total} rows are out of bounds.') }}
#}
{% macro sentence(template) %}
    {% set text = modules.re.sub(
        '\\{([a-z_][a-z0-9_]*|"[^{}]+")\\}',
        "' || coalesce(cast(\\1 as " ~ dbt.type_string() ~ "), 'NULL') || '",
        ml_ledger.text_literal(template)
    ) %}
    {% do return(text | replace('\x01', '{')) %}
{% endmacro %}

{#
    A name as it stands in the template of a sentence, where it is no value of a column, whatever it holds.
    Arguments: name, string.
    Returns: string.
#}
{% macro said(name) %}
    {% do return(name | string | replace('{', '\x01')) %}
{% endmacro %}
