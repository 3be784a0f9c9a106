{#
    The salted hash of the values of a person in a prediction.
    Arguments: prefix, of the columns ('predictions.'); columns, mapping of column to SQL type.
    Returns: SQL, NULL without a salt.
#}
{% macro values_hash(prefix, columns) %}
    {% set personal = {} %}
    {% for column in ml_ledger.personal_columns() if column in columns %}
        {% do personal.update({column: columns[column]}) %}
    {% endfor %}
    {% do return(ml_ledger.sha256(
        prefix ~ 'values_salt || chr(10) || ' ~ ml_ledger.canonical_text(personal, prefix)
    )) %}
{% endmacro %}
