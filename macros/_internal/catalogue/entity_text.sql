{#
    The entity of a row of a feature view as text: of several columns, a JSON object.
    Arguments: spec, as of `feature_view_spec`.
    Returns: SQL.
#}
{% macro entity_text(spec) %}
    {% if spec.entity | length == 1 %}
        {% do return('cast(' ~ ml_ledger.column(spec.entity[0]) ~ ' as ' ~ dbt.type_string() ~ ')') %}
    {% endif %}
    {% set pairs = {} %}
    {% for column in spec.entity %}
        {% do pairs.update({ml_ledger.column_name(column): ml_ledger.column(column)}) %}
    {% endfor %}
    {% do return(ml_ledger.json_object(pairs)) %}
{% endmacro %}
