{#
    What an ML model declares about its alerts.
    Arguments: ml_model, its name.
    Returns: mapping: the keys of `monitoring.alerts`, their defaults where it is not declared; task; period; unit of
    value, none where none is declared; ratios, mapping of fairness ratios to their limits.
#}
{% macro alert_settings(ml_model) %}
    {% set spec = ml_ledger.ml_model_spec(ml_model) %}
    {% set monitoring = spec.monitoring or ml_ledger.defaults_of('monitoring') %}
    {% set alerts = monitoring.alerts or ml_ledger.defaults_of('monitoring.alerts') %}
    {% set ratios = {} %}
    {% for metric, limit in (spec.fairness.limits if spec.fairness else {}).items()
        if metric.endswith('_ratio') and limit is not none %}
        {% do ratios.update({metric: limit}) %}
    {% endfor %}
    {% do return(dict(
        alerts,
        task=spec.task,
        period=monitoring.period,
        version_days=alerts.version_days or 2 * spec.training.retrain_after_days,
        unit=spec.value.unit if spec.value else none,
        ratios=ratios,
    )) %}
{% endmacro %}
