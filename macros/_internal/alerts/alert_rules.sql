{#
    The rules of an ML model that can be looked at with the relations it gives, but for those that it switches off
    (`monitoring.alerts.off`). Each is a macro alert_<rule> with a page in docs/alerts; the library knows the same
    names. Each returns a select with the columns severity ('info', 'warn' or 'error'), version, slot, feature, slice,
    metric, period_start, value, threshold and message, one row per finding, and may read `live` (slot,
    version, valid_from) and, of relations that are given, `latest_performance` and `latest_drift`.
    Arguments: ml_model, its name; relations, mapping of predictions, versions, deployments, labels, performance, drift,
    budgets to a relation or none.
    Returns: mapping of rule to SQL.
#}
{% macro alert_rules(ml_model, relations) %}
    {% set settings = ml_ledger.alert_settings(ml_model) %}
    {% set found = {
        'no_champion': ml_ledger.alert_no_champion(relations.versions),
        'training_failed': ml_ledger.alert_training_failed(relations.versions),
        'gate_refused': ml_ledger.alert_gate_refused(relations.versions, relations.deployments),
        'awaiting_approval': ml_ledger.alert_awaiting_approval(relations.deployments, settings),
        'version_old': ml_ledger.alert_version_old(relations.versions, settings),
        'decisions_stopped': ml_ledger.alert_decisions_stopped(relations.predictions, settings),
        'rows_rejected': ml_ledger.alert_rows_rejected(relations.predictions, settings),
    } %}
    {% if relations.labels is not none and not ml_ledger.input_problems(none, ml_model, labels=relations.labels) %}
        {% do found.update({
            'labels_without_decision': ml_ledger.alert_labels_without_decision(
                ml_model, relations.predictions, relations.labels
            ),
        }) %}
    {% endif %}
    {% if relations.performance is not none %}
        {% do found.update({
            'performance_drop': ml_ledger.alert_performance_drop(relations.versions, settings),
            'worse_than_baseline': ml_ledger.alert_worse_than_baseline(settings),
            'not_as_expected': ml_ledger.alert_not_as_expected(relations.performance),
        }) %}
        {% if settings.unit is not none %}
            {% do found.update({'worth_less': ml_ledger.alert_worth_less(settings)}) %}
        {% endif %}
        {% if settings.ratios %}
            {% do found.update({'unequal_groups': ml_ledger.alert_unequal_groups(settings)}) %}
        {% endif %}
    {% endif %}
    {% if relations.budgets is not none %}
        {% do found.update({'over_budget': ml_ledger.alert_over_budget(ml_model, relations.budgets)}) %}
    {% endif %}
    {% if relations.drift is not none %}
        {% do found.update({'no_reference': ml_ledger.alert_no_reference(relations.versions)}) %}
        {% for part in ['feature', 'score', 'label', 'predicted', 'joint', 'concept', 'schema'] %}
            {% do found.update({part ~ '_drift': ml_ledger.alert_drift(part)}) %}
        {% endfor %}
    {% endif %}
    {% for rule in settings.off %}
        {% do found.pop(rule, none) %}
    {% endfor %}
    {% do return(found) %}
{% endmacro %}
