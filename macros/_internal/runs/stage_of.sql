{#
    Which part of the work a node does that is no test, by how its name ends: features (labels too), training, gate,
    scoring, monitoring or other.
    Arguments: name, of the node; ml_model, as of `ml_model_of`; feature_views, names of the declared ones.
    Returns: string.
    Example: {% set stage = ml_ledger.stage_of('repurchase_versions', 'repurchase', ['customer_purchase_features']) %}
#}
{% macro stage_of(name, ml_model, feature_views) %}
    {% if name in feature_views or (name.endswith('_features') and not name.startswith('ml_')) %}
        {% do return('features') %}
    {% elif not ml_model %}
        {% do return('other') %}
    {% endif %}
    {% do return({
        'labels': 'features',
        'label_log': 'features',
        'labels_now': 'features',
        'training_set': 'training',
        'training_rows': 'training',
        'versions': 'training',
        'deployments': 'gate',
        'predictions': 'scoring',
        'scores': 'scoring',
        'batches': 'scoring',
        'training_quality': 'monitoring',
        'outcomes': 'monitoring',
        'performance': 'monitoring',
        'drift': 'monitoring',
        'alerts': 'monitoring',
        'review_queue': 'monitoring',
        'feedback': 'monitoring',
    }.get(name[ml_model | length + 1:], 'other')) %}
{% endmacro %}
