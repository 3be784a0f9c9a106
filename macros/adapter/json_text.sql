{#
    A text as it stands in JSON, with its quotes. Letters stay as they are, of whatever script.
    Arguments: text, string.
    Returns: string.
    Example: {{ ml_ledger.text_literal('{"feature":' ~ ml_ledger.json_text(feature) ~ '}') }}
#}
{% macro json_text(text) %}
    {% set escaped = text | replace('\\', '\\\\') | replace('"', '\\"') | replace('\n', '\\n') | replace('\t', '\\t') %}
    {% do return('"' ~ escaped ~ '"') %}
{% endmacro %}
