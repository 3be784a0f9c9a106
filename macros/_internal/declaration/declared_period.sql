{#
    The condition that rows were measured by the period that is declared now, for each ML model that declares
    monitoring.
    Returns: mapping of ML model to SQL over a column period.
    Example: {{ ml_ledger.union_ml_models('drift', columns, declaring='monitoring.drift',
        conditions=ml_ledger.declared_period()) }}
#}
{% macro declared_period() %}
    {% set conditions = {} %}
    {% for name in ml_ledger.ml_model_names(declaring='monitoring') %}
        {% set period = ml_ledger.ml_model_spec(name).monitoring.period %}
        {% do conditions.update({name: 'period = ' ~ ml_ledger.text_literal(period)}) %}
    {% endfor %}
    {% do return(conditions) %}
{% endmacro %}
