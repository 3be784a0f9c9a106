{#
    A column of a relation as a moment without a time zone, see `utc_moment`.
    Arguments: relation, whose types say whether there is a zone; column, as an argument names it; alias, name before
    it, or none.
    Returns: SQL.
    Example: {{ ml_ledger.column_moment(model, 'loaded_at') }} <= {{ ml_ledger.clock() }}
#}
{% macro column_moment(relation, column, alias=none) %}
    {% set type = ml_ledger.column_types(relation).get(ml_ledger.column_name(column) | lower, '') %}
    {% do return(ml_ledger.utc_moment(ml_ledger.column(column, alias), ml_ledger.has_time_zone(type))) %}
{% endmacro %}
