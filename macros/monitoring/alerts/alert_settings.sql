{#
    What an ML model declares about its alerts, with defaults. The library says what is wrong with it.
    Arguments: ml_model, its name.
    Returns: mapping: task, period, off, expected, rejected_share, approval_days, version_days; unit of
    value, none where none is declared; ratios, mapping of fairness ratios to their limits.
#}
{% macro alert_settings(ml_model) %}
    {% set spec = ml_ledger.ml_model_spec(ml_model) %}
    {% set monitoring = spec.get('monitoring') if spec.get('monitoring') is mapping else {} %}
    {% set given = monitoring.get('alerts') if monitoring.get('alerts') is mapping else {} %}
    {% set training = spec.get('training') if spec.get('training') is mapping else {} %}
    {% set fairness = spec.get('fairness') if spec.get('fairness') is mapping else {} %}
    {% set ratios = {} %}
    {% for metric, limit in (fairness.get('limits') or {}).items() if metric.endswith('_ratio') and limit is number %}
        {% do ratios.update({metric: limit}) %}
    {% endfor %}
    {% do return({
        'task': spec.get('task'),
        'period': monitoring.get('period', 'month'),
        'off': given.get('off') or [],
        'expected': given.get('expected') or [],
        'rejected_share': given.get('rejected_share', 0.05),
        'approval_days': given.get('approval_days', 7),
        'version_days': given.get('version_days') or 2 * (training.get('retrain_after_days') or 90),
        'unit': ml_ledger.declared_value(spec, ['value', 'unit'], none),
        'ratios': ratios,
    }) %}
{% endmacro %}
