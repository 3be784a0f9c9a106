{#
    Raise a compiler error where a declaration holds a date of YAML: dbt cannot hand it to a Python model, and would stop
    with an error that does not name it.
    Arguments: ml_model, its name; spec, mapping as `ml_model_spec` returns it.
    Returns: nothing.
    Example: {% do ml_ledger.refuse_dates('repurchase', ml_ledger.ml_model_spec('repurchase')) %}
#}
{% macro refuse_dates(ml_model, spec) %}
    {% if 'datetime.date' in spec | string %}
        {% do exceptions.raise_compiler_error(
            'ml_models.' ~ ml_model ~ ": holds a date or a timestamp without quotes. Allowed: text. Fix: write it in"
            ~ " quotes, '2024-01-31'; `ml-ledger validate` names the key."
        ) %}
    {% endif %}
{% endmacro %}
