{#
    A value as it is compared with placeholders for missing values: 0 is also 0.00, 1900-01-01 is also midnight of it,
    and case is not looked at.
    Arguments: value, SQL expression.
    Returns: SQL, a text.
    Example: where {{ ml_ledger.as_written('amount') }} in ({{ ml_ledger.written_literals([0, -1]) }})
#}
{% macro as_written(value) %}
    {% do return(ml_ledger.replace_pattern(
        'lower(trim(cast(' ~ value ~ ' as ' ~ dbt.type_string() ~ ')))', ml_ledger.written_ending(), ''
    )) %}
{% endmacro %}

{#
    Values of YAML as `as_written` writes them.
    Arguments: values, list of numbers, or of texts and dates in quotes.
    Returns: SQL, texts with commas between them.
#}
{% macro written_literals(values) %}
    {% set texts = [] %}
    {% for value in values %}
        {% do texts.append(ml_ledger.text_literal(
            modules.re.sub(ml_ledger.written_ending(), '', value | string | trim | lower)
        )) %}
    {% endfor %}
    {% do return(texts | join(', ')) %}
{% endmacro %}

{#
    What is left out at the end of a value: decimals that are zeros, and midnight.
    Returns: regular expression.
#}
{% macro written_ending() %}
    {% do return('([.]0+|[ t]00:00:00.*)$') %}
{% endmacro %}
