{#
    What is wrong with an identifier. It must be a text: of 022 YAML makes the number 18, and nobody sees it from then
    on.
    Arguments: name, of the argument; value, as given.
    Returns: list of texts.
    Example: {% do problems.extend(ml_ledger.identifier_problems('entity_id', entity_id)) %}
#}
{% macro identifier_problems(name, value) %}
    {% if value is string and value | length %}
        {% do return([]) %}
    {% endif %}
    {% do return([
        name ~ ': must be a text in quotes, since YAML reads 022 as the number 18; got ' ~ ml_ledger.as_given(value)
        ~ '. Fix: ' ~ name ~ ': "…", as the record has it.'
    ]) %}
{% endmacro %}
