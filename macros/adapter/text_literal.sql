{#
    A text as a SQL literal, whatever it holds: a quote is a quote, a statement is text.
    Arguments: text, string.
    Returns: SQL.
    Example: {{ ml_ledger.text_literal("O'Neill") }} as actor
#}
{% macro text_literal(text) %}
    {% do return(adapter.dispatch('text_literal', 'ml_ledger')(text | string)) %}
{% endmacro %}

{# Standard SQL. #}
{% macro default__text_literal(text) %}
    {% do return("'" ~ text | replace("'", "''") ~ "'") %}
{% endmacro %}

{# A backslash escapes what follows it. #}
{% macro spark__text_literal(text) %}
    {% do return("'" ~ text | replace('\\', '\\\\') | replace("'", "\\'") ~ "'") %}
{% endmacro %}

{% macro bigquery__text_literal(text) %}
    {% do return(ml_ledger.spark__text_literal(text) | replace('\n', '\\n')) %}
{% endmacro %}

{% macro snowflake__text_literal(text) %}
    {% do return(ml_ledger.spark__text_literal(text)) %}
{% endmacro %}
