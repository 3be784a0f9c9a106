{#
    The metric that says in one number how well an ML model does: its name in results, what people call it, and whether
    more is better.
    Arguments: task.
    Returns: mapping: metric, title, more_is_better.
#}
{% macro headline_metric(task) %}
    {% do return({
        'binary': {'metric': 'roc_auc', 'title': 'AUC', 'more_is_better': true},
        'multiclass': {'metric': 'log_loss', 'title': 'log loss', 'more_is_better': false},
        'regression': {'metric': 'rmse', 'title': 'RMSE', 'more_is_better': false},
    }.get(task, {'metric': 'mean_squared_distance', 'title': 'mean squared distance', 'more_is_better': false})) %}
{% endmacro %}
