{#
    Stop a run in which an entity has several labels for an as-of date. Reads `faults`, one row with `_ml_repeated`, how
    many do, and `_ml_example`, one of them.
    Arguments: ml_model, its name; spec, its declaration.
    Returns: SQL, a condition that is true or stops the run.
#}
{% macro fail_for_repeated_labels(ml_model, spec) %}
    {% do return(ml_ledger.fail_when(
        'faults._ml_repeated > 0',
        "'" ~ ml_model ~ ": an entity must have one label per as-of date; got ' || faults._ml_repeated || ' that have"
            ~ " several, such as ' || faults._ml_example || " ~ ml_ledger.text_literal(
                '. Nothing was written. Fix: make the label model unique on ' ~ spec.entity ~ ' and ' ~ spec.as_of
                ~ '.'
            ),
    )) %}
{% endmacro %}
