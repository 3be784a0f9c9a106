{#
    A declaration without the keys whose values macros cannot read.
    Arguments: declaration, as written.
    Returns: mapping.
#}
{% macro readable_spec(declaration) %}
    {% set found = namespace(value=none) %}
    {% set readable = dict(declaration) if declaration is mapping else {} %}
    {% for path, kind in ml_ledger.readable_keys().items() %}
        {% set keys = path.split('.') %}
        {% set found.value = readable %}
        {% for key in keys %}
            {% set found.value = found.value.get(key) if found.value is mapping else none %}
        {% endfor %}
        {% set value = found.value %}
        {% set is_number = value is number and value is not boolean and value | string not in ['nan', 'inf', '-inf'] %}
        {% if kind == 'mapping' %}
            {% set fits = value is mapping and not (value.keys() | reject('string') | list) %}
        {% elif kind == 'number' %}
            {% set fits = is_number %}
        {% elif kind == 'whole' %}
            {% set fits = is_number and value is integer %}
        {% elif kind == 'text' %}
            {% set fits = value is string and value | trim %}
        {% elif kind == 'texts' %}
            {% set fits = value is sequence and value is not string and value is not mapping
                and not (value | reject('string') | list) %}
        {% elif kind == 'expected' %}
            {% set fits = value is sequence and value is not string and value is not mapping
                and value | selectattr('rule', 'string') | selectattr('because', 'string') | list | length == value | length %}
        {% else %}
            {% set fits = value in kind %}
        {% endif %}
        {% if value is not none and not fits %}
            {% set found.value = readable %}
            {% for key in keys[:-1] %}
                {# A copy, since the declaration is everybody's. #}
                {% do found.value.update({key: dict(found.value[key])}) %}
                {% set found.value = found.value[key] %}
            {% endfor %}
            {% do found.value.pop(keys[-1]) %}
        {% endif %}
    {% endfor %}
    {% do return(readable) %}
{% endmacro %}

{#
    Which keys of a declaration macros read, and what they can read. A key stands after those around it.
    Returns: mapping of keys, with dots, to: mapping (keys are texts), number, whole, text, texts, expected (alerts), or a
    list of the values.
#}
{% macro readable_keys() %}
    {% do return({
        'task': ['binary', 'multiclass', 'regression', 'clustering'],
        'entity': 'text',
        'as_of': 'text',
        'label': 'text',
        'never': 'text',
        'exposure': 'text',
        'classes': 'texts',
        'features': 'mapping',
        'keep_training_set': ['none', 'members', 'full'],
        'training': 'mapping',
        'training.sample_weight': 'text',
        'training.retrain_after_days': 'number',
        'evaluation': 'mapping',
        'evaluation.cluster': 'text',
        'evaluation.weight': 'text',
        'decision': 'mapping',
        'experiment': 'mapping',
        'experiment.significance': 'number',
        'experiment.power': 'number',
        'experiment.minimum_effect': 'number',
        'value': 'mapping',
        'value.unit': 'text',
        'fairness': 'mapping',
        'fairness.limits': 'mapping',
        'fairness.minimum_group': 'number',
        'monitoring': 'mapping',
        'monitoring.period': ['day', 'week', 'month', 'quarter'],
        'monitoring.budget': 'mapping',
        'monitoring.budget.seconds_per_run': 'number',
        'monitoring.budget.cost_per_month': 'number',
        'monitoring.alerts': 'mapping',
        'monitoring.alerts.off': 'texts',
        'monitoring.alerts.expected': 'expected',
        'monitoring.alerts.rejected_share': 'number',
        'monitoring.alerts.approval_days': 'number',
        'monitoring.alerts.version_days': 'number',
        'review': 'mapping',
        'review.random_per_period': 'number',
        'review.disagreements': 'number',
        'review.rejected': 'number',
        'review.close_to_threshold': 'mapping',
        'review.close_to_threshold.within': 'number',
        'review.close_to_threshold.at_most': 'number',
        'review.high_value': 'mapping',
        'review.high_value.column': 'text',
        'review.high_value.at_most': 'number',
        'review.feedback': 'texts',
    }) %}
{% endmacro %}
