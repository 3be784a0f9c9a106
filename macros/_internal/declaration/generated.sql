{# Generated from src/ml_ledger/declaration by `make reference`: do not edit. #}
{#
    Every key of `vars.ml_models.<name>`.
    Returns: mapping of the path of a block ('' for the declaration itself) to its keys, a block after the
    one that it is in; each key a mapping: kind, of its value (word, text, texts, whole, number, boolean,
    block, mapping; blocks, a mapping of mappings; rows, a list of mappings); words that are allowed; bounds
    (at_least, above, at_most, below); texts that rows must have; default.
#}
{% macro declared_blocks() %}
    {% do return({
        '': {
            'task': {'kind': 'word', 'words': ['binary', 'multiclass', 'regression', 'clustering'], 'default': none},
            'description': {'kind': 'text', 'default': none},
            'owner': {'kind': 'text', 'default': none},
            'example': {'kind': 'boolean', 'default': false},
            'entity': {'kind': 'text', 'default': none},
            'as_of': {'kind': 'text', 'default': none},
            'label': {'kind': 'text', 'default': none},
            'never': {'kind': 'text', 'default': none},
            'exposure': {'kind': 'text', 'default': none},
            'classes': {'kind': 'texts', 'default': none},
            'relations': {'kind': 'block', 'default': none},
            'features': {'kind': 'blocks', 'default': {}},
            'algorithm': {'kind': 'block', 'default': none},
            'candidates': {'kind': 'blocks', 'default': none},
            'cross_validation': {'kind': 'block', 'default': {}},
            'calibration': {'kind': 'word', 'words': ['platt', 'isotonic', 'temperature'], 'default': none},
            'baselines': {'kind': 'blocks', 'default': {}},
            'evaluation': {'kind': 'block', 'default': {}},
            'training': {'kind': 'block', 'default': {}},
            'gate': {'kind': 'block', 'default': {}},
            'slices': {'kind': 'blocks', 'default': none},
            'smoke_cases': {'kind': 'blocks', 'default': none},
            'decision': {'kind': 'block', 'default': none},
            'value': {'kind': 'block', 'default': none},
            'fairness': {'kind': 'block', 'default': none},
            'reasons': {'kind': 'whole', 'at_least': 1, 'at_most': 10, 'default': 3},
            'deployment': {'kind': 'block', 'default': {}},
            'experiment': {'kind': 'block', 'default': {}},
            'governance': {'kind': 'block', 'default': {}},
            'retention': {'kind': 'block', 'default': {}},
            'monitoring': {'kind': 'block', 'default': none},
            'retraining': {'kind': 'block', 'default': {}},
            'review': {'kind': 'block', 'default': none},
            'keep_training_set': {'kind': 'word', 'words': ['none', 'members', 'full'], 'default': 'none'},
            'training_quality': {'kind': 'block', 'default': none},
        },
        'relations': {
            'features': {'kind': 'text', 'default': none},
            'labels': {'kind': 'text', 'default': none},
            'reason_texts': {'kind': 'text', 'default': none},
        },
        'algorithm': {
            'family': {'kind': 'text', 'default': none},
            'hyperparameters': {'kind': 'mapping', 'default': {}},
        },
        'cross_validation': {
            'folds': {'kind': 'whole', 'at_least': 1, 'at_most': 20, 'default': 3},
            'of': {'kind': 'word', 'words': ['as_of', 'day', 'week', 'month', 'quarter', 'entity'], 'default': none},
            'repeats': {'kind': 'whole', 'at_least': 1, 'at_most': 50, 'default': none},
        },
        'evaluation': {
            'holdout': {'kind': 'block', 'default': none},
            'holdout_as_of_dates': {'kind': 'whole', 'at_least': 1, 'default': none},
            'embargo': {'kind': 'word', 'words': ['strict', 'relaxed'], 'default': 'strict'},
            'cluster': {'kind': 'text', 'default': none},
            'weight': {'kind': 'text', 'default': none},
        },
        'evaluation.holdout': {
            'as_of_dates': {'kind': 'whole', 'at_least': 1, 'default': none},
            'days': {'kind': 'whole', 'at_least': 1, 'default': none},
            'from': {'kind': 'text', 'default': none},
            'share': {'kind': 'number', 'above': 0, 'below': 1, 'default': none},
            'of': {'kind': 'text', 'default': none},
            'column': {'kind': 'text', 'default': none},
        },
        'training': {
            'retrain_after_days': {'kind': 'whole', 'at_least': 1, 'default': 90},
            'seed': {'kind': 'whole', 'at_least': 0, 'at_most': 4294967295, 'default': 0},
            'sample_weight': {'kind': 'text', 'default': none},
            'weights_are': {'kind': 'word', 'words': ['frequency', 'sampling', 'precision'], 'default': none},
            'class_weights': {'kind': 'mapping', 'words': ['balanced'], 'default': none},
            'memory_mb': {'kind': 'whole', 'at_least': 1, 'default': 4096},
            'too_large': {'kind': 'word', 'words': ['refuse', 'sample'], 'default': 'refuse'},
            'refit': {'kind': 'boolean', 'default': false},
        },
        'gate': {
            'baseline_hurdle': {'kind': 'number', 'at_least': 0, 'default': 0.0},
            'champion_margin': {'kind': 'number', 'at_least': 0, 'default': 0.0},
            'minimum_scored_share': {'kind': 'number', 'at_least': 0, 'at_most': 1, 'default': 0.99},
            'maximum_calibration_error': {'kind': 'number', 'at_least': 0, 'at_most': 1, 'default': none},
            'maximum_bias': {'kind': 'number', 'at_least': 0, 'default': none},
            'maximum_score_shift': {'kind': 'number', 'at_least': 0, 'default': none},
            'value_hurdle': {'kind': 'number', 'at_least': 0, 'default': none},
            'expected_auc': {'kind': 'number', 'at_least': 0.5, 'at_most': 1, 'default': none},
            'expected_r2': {'kind': 'number', 'at_least': 0, 'at_most': 1, 'default': none},
            'signs': {'kind': 'mapping', 'default': none},
        },
        'decision': {
            'threshold': {'kind': 'number', 'words': ['best_value'], 'default': none},
            'positive': {'kind': 'text', 'default': none},
            'negative': {'kind': 'text', 'default': none},
            'actions': {'kind': 'mapping', 'default': none},
            'fallback': {'kind': 'text', 'default': none},
        },
        'value': {
            'unit': {'kind': 'text', 'default': none},
            'true_positive': {'kind': 'number', 'default': none},
            'false_positive': {'kind': 'number', 'default': none},
            'false_negative': {'kind': 'number', 'default': none},
            'true_negative': {'kind': 'number', 'default': none},
            'per_unit_of_error': {'kind': 'number', 'default': none},
            'positive_fixed': {'kind': 'number', 'default': none},
            'positive_per_unit': {'kind': 'number', 'default': none},
            'correct': {'kind': 'number', 'default': none},
            'wrong': {'kind': 'number', 'default': none},
        },
        'fairness': {
            'attributes': {'kind': 'blocks', 'default': {}},
            'minimum_group': {'kind': 'whole', 'at_least': 1, 'default': 100},
            'allowed_as_features': {'kind': 'texts', 'default': []},
            'limits': {'kind': 'block', 'default': {}},
        },
        'fairness.limits': {
            'selection_rate_ratio': {'kind': 'number', 'above': 0, 'at_most': 1, 'default': none},
            'true_positive_rate_ratio': {'kind': 'number', 'above': 0, 'at_most': 1, 'default': none},
            'false_positive_rate_ratio': {'kind': 'number', 'above': 0, 'at_most': 1, 'default': none},
            'calibration_gap': {'kind': 'number', 'at_least': 0, 'at_most': 1, 'default': none},
        },
        'deployment': {
            'policy': {'kind': 'word', 'words': ['auto', 'approval'], 'default': 'auto'},
        },
        'experiment': {
            'salt': {'kind': 'text', 'default': none},
            'control_action': {'kind': 'text', 'default': none},
            'minimum_effect': {'kind': 'number', 'above': 0, 'default': none},
            'power': {'kind': 'number', 'above': 0, 'below': 1, 'default': 0.8},
            'significance': {'kind': 'number', 'above': 0, 'below': 1, 'default': 0.05},
        },
        'governance': {
            'validator': {'kind': 'text', 'default': none},
            'purpose': {'kind': 'text', 'default': none},
            'restrictions': {'kind': 'texts', 'default': []},
            'materiality': {'kind': 'word', 'words': ['low', 'medium', 'high'], 'default': 'low'},
            'assumptions': {'kind': 'texts', 'default': []},
            'limits': {'kind': 'texts', 'default': []},
            'last_validation': {'kind': 'text', 'default': none},
            'next_validation': {'kind': 'text', 'default': none},
            'open_findings': {'kind': 'texts', 'default': []},
        },
        'retention': {
            'predictions_months': {'kind': 'whole', 'at_least': 6, 'at_most': 1200, 'default': none},
        },
        'monitoring': {
            'period': {'kind': 'word', 'words': ['day', 'week', 'month', 'quarter'], 'default': 'month'},
            'drift': {'kind': 'block', 'default': none},
            'alerts': {'kind': 'block', 'default': none},
            'budget': {'kind': 'block', 'default': none},
        },
        'monitoring.drift': {
            'false_discovery_rate': {'kind': 'number', 'above': 0, 'below': 1, 'default': 0.02},
            'minimum_rows': {'kind': 'whole', 'at_least': 30, 'default': 200},
            'smallest_shift': {'kind': 'number', 'above': 0, 'default': 0.05},
            'smallest_share': {'kind': 'number', 'at_least': 0, 'at_most': 1, 'default': 0.005},
            'smallest_metric_change': {'kind': 'number', 'at_least': 0, 'at_most': 1, 'default': 0.02},
            'matured_share': {'kind': 'number', 'above': 0, 'at_most': 1, 'default': 0.95},
            'joint_auc': {'kind': 'number', 'at_least': 0.5, 'at_most': 1, 'default': 0.55},
            'joint_rows': {'kind': 'whole', 'at_least': 200, 'default': 5000},
        },
        'monitoring.alerts': {
            'off': {'kind': 'texts', 'default': []},
            'expected': {'kind': 'rows', 'texts': ['rule', 'because'], 'default': []},
            'rejected_share': {'kind': 'number', 'at_least': 0, 'at_most': 1, 'default': 0.05},
            'approval_days': {'kind': 'whole', 'at_least': 0, 'default': 7},
            'version_days': {'kind': 'whole', 'at_least': 1, 'default': none},
        },
        'monitoring.budget': {
            'seconds_per_run': {'kind': 'number', 'above': 0, 'default': none},
            'cost_per_month': {'kind': 'number', 'above': 0, 'default': none},
        },
        'retraining': {
            'on_alerts': {'kind': 'texts', 'default': []},
            'new_rows': {'kind': 'whole', 'at_least': 1, 'default': none},
            'schedule': {'kind': 'word', 'words': ['day', 'week', 'month', 'quarter'], 'default': none},
            'cool_down_days': {'kind': 'whole', 'at_least': 0, 'default': 30},
        },
        'review': {
            'random_per_period': {'kind': 'whole', 'at_least': 1, 'default': 50},
            'close_to_threshold': {'kind': 'block', 'default': none},
            'disagreements': {'kind': 'whole', 'at_least': 1, 'default': none},
            'high_value': {'kind': 'block', 'default': none},
            'rejected': {'kind': 'whole', 'at_least': 1, 'default': none},
            'conflict': {'kind': 'word', 'words': ['latest', 'majority', 'unanimous', 'first'], 'default': 'latest'},
            'feedback': {'kind': 'texts', 'default': none},
        },
        'review.close_to_threshold': {
            'within': {'kind': 'number', 'above': 0, 'default': none},
            'at_most': {'kind': 'whole', 'at_least': 1, 'default': 50},
        },
        'review.high_value': {
            'column': {'kind': 'text', 'default': none},
            'at_most': {'kind': 'whole', 'at_least': 1, 'default': 20},
        },
        'training_quality': {
            'sample_rows': {'kind': 'whole', 'at_least': 200, 'default': 20000},
            'benchmark': {'kind': 'block', 'default': none},
            'limits': {'kind': 'block', 'default': {}},
        },
        'training_quality.benchmark': {
            'metric': {'kind': 'text', 'default': none},
            'value': {'kind': 'number', 'default': none},
            'who': {'kind': 'text', 'default': none},
        },
        'training_quality.limits': {
            'class_share': {'kind': 'number', 'at_least': 0, 'at_most': 1, 'default': 0.05},
            'same_value_share': {'kind': 'number', 'at_least': 0, 'at_most': 1, 'default': 0.99},
            'copies_share': {'kind': 'number', 'at_least': 0, 'at_most': 1, 'default': 0.0},
            'mislabelled_share': {'kind': 'number', 'at_least': 0, 'at_most': 1, 'default': 0.05},
            'vif': {'kind': 'number', 'at_least': 1, 'default': 10.0},
            'outlier_distance': {'kind': 'number', 'above': 0, 'default': 4.0},
            'shift': {'kind': 'number', 'at_least': 0, 'default': 0.2},
            'domain_auc': {'kind': 'number', 'at_least': 0.5, 'at_most': 1, 'default': 0.6},
        },
    }) %}
{% endmacro %}

{# The metrics of which more is better, so that a limit is the least that passes. #}
{% macro at_least_metrics() %}
    {% do return([
        'scored_share',
        'roc_auc',
        'average_precision',
        'precision',
        'recall',
        'f1',
        'accuracy',
        'macro_f1',
        'r2',
        'silhouette',
    ]) %}
{% endmacro %}

{# The columns of a prediction that are values of a person: `ml_erase` removes them. #}
{% macro personal_columns() %}
    {% do return([
        'entity_id',
        'bucket',
        'rejected_because',
        'reasons',
        'features',
        'imputed_features',
        'clipped_features',
    ]) %}
{% endmacro %}

{# The columns that `training_set` adds to the features. #}
{% macro training_set_columns() %}
    {% do return([
        '_ml_matured_at',
        '_ml_split',
        '_ml_weight',
        '_ml_known_at',
        '_ml_invocation_id',
        '_ml_run_by',
    ]) %}
{% endmacro %}

{# How many of the last as-of dates are held out where nothing is declared. #}
{% macro as_of_dates_held_out() %}
    {% do return(1) %}
{% endmacro %}

{# The share of entities that is held out where there is one as-of date and nothing is declared. #}
{% macro share_of_one_date() %}
    {% do return(0.25) %}
{% endmacro %}
