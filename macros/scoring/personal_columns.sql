{#
    The columns of a prediction that are values of a person: `ml_erase` removes them.
    Returns: list of strings.
#}
{% macro personal_columns() %}
    {% do return([
        'entity_id', 'bucket', 'rejected_because', 'reasons', 'features', 'imputed_features', 'clipped_features',
    ]) %}
{% endmacro %}
