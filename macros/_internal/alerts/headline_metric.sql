{#
    The metric that says in one number how well an ML model does: its name in results, what people call it, and whether
    more is better.
    Arguments: task.
    Returns: mapping: metric, title, more_is_better.
#}
{% macro headline_metric(task) %}
    {% set headlines = {
        'binary': ('roc_auc', 'AUC'),
        'multiclass': ('log_loss', 'log loss'),
        'regression': ('rmse', 'RMSE'),
        'clustering': ('mean_squared_distance', 'mean squared distance'),
    } %}
    {% set metric, title = headlines[task or 'clustering'] %}
    {% do return({'metric': metric, 'title': title, 'more_is_better': metric in ml_ledger.at_least_metrics()}) %}
{% endmacro %}
