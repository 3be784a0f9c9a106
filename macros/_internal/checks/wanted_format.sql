{#
    What `same_format` asks of a value.
    Arguments: written, SQL, the value as text; pattern, castable_to and reference, as of the test.
    Returns: mapping: words, list of texts; conditions, list of SQL over `by_value` and `known_shapes`; shape, SQL, the
    value itself where no reference is given.
#}
{% macro wanted_format(written, pattern, castable_to, reference) %}
    {% set words, conditions, shape = [], [], written %}
    {% if pattern is not none %}
        {% do words.append(pattern) %}
        {% do conditions.append(ml_ledger.matches('by_value._ml_written', ml_ledger.format_pattern(pattern))) %}
    {% endif %}
    {% if castable_to is not none %}
        {% do words.append('readable as ' ~ castable_to) %}
        {% do conditions.append(ml_ledger.can_be_cast('by_value._ml_written', castable_to)) %}
    {% endif %}
    {% if reference is not none %}
        {% set shape = ml_ledger.replace_pattern(
            ml_ledger.replace_pattern(ml_ledger.replace_pattern(written, '[0-9]+', '9'), '[A-Z]+', 'A'), '[a-z]+', 'a'
        ) %}
        {% do words.append('a shape of the reference') %}
        {% do conditions.append('known_shapes.shape is not null') %}
    {% endif %}
    {% do return({'words': words, 'conditions': conditions, 'shape': shape}) %}
{% endmacro %}
