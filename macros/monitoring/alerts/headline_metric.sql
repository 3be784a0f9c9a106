{#
    The metric that says in one number how well an ML model does: its name in results, what people call it, and whether
    more is better.
    Arguments: task.
    Returns: mapping: metric, title, more_is_better.
#}
{% macro headline_metric(task) %}
    {% set titles = {'binary': 'AUC', 'multiclass': 'log loss', 'regression': 'RMSE'} %}
    {% set metrics = {'binary': 'roc_auc', 'multiclass': 'log_loss', 'regression': 'rmse'} %}
    {% set metric = metrics[task] if task in metrics else 'mean_squared_distance' %}
    {% do return({
        'metric': metric,
        'title': titles[task] if task in titles else 'mean squared distance',
        'more_is_better': metric in ml_ledger.at_least_metrics(),
    }) %}
{% endmacro %}
