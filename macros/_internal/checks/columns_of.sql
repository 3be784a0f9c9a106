{#
    The columns of the model that a data test is for.
    Arguments: model, as dbt gives it to the test; argument, the argument of the test that would name them instead.
    Returns: list of columns of the adapter; empty while dbt parses.
    Example: {% set columns = ml_ledger.columns_of(model, 'features') %}
#}
{% macro columns_of(model, argument) %}
    {% if not execute %}
        {% do return([]) %}
    {% elif model is string %}
        {% do exceptions.raise_compiler_error(
            'data test with the config `where`: its columns cannot be listed; got no ' ~ argument
                ~ '. Fix: name them in '
            ~ argument ~ '.'
        ) %}
    {% endif %}
    {% do return(adapter.get_columns_in_relation(model)) %}
{% endmacro %}
