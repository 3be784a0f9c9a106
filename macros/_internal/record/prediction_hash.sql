{#
    The hash of a prediction's content: over every column but those of the person, in whose place stands their salted
    hash, `values_hash`.
    Arguments: prefix, of the columns ('predictions.'); columns, mapping of column to SQL type; values_hash, SQL of the
    hash of the person's values: see `values_hash`, or as it was stored when they were erased.
    Returns: SQL.
    Example: {{ ml_ledger.prediction_hash('', columns, '_ml_values_hash') }} as content_hash
#}
{% macro prediction_hash(prefix, columns, values_hash) %}
    {% set hashed = {} %}
    {% for column, type in columns.items() if column not in ml_ledger.personal_columns() %}
        {% do hashed.update({column: type}) %}
    {% endfor %}
    {% do return(ml_ledger.sha256(ml_ledger.canonical_text(hashed, prefix, {'values_hash': values_hash}))) %}
{% endmacro %}
