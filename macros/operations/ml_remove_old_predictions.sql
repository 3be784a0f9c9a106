{#
    Remove the predictions of batches that were decided longer ago than `retention.predictions_months` of the
    declaration says, by the clock, and the reasons of feedback on them. An event says which batches, how many
    predictions, and the hash that sealed them; batches and versions stay.
    Arguments: reason, why; ml_model, or 'all' (default) for every ML model that declares a retention.
    Returns: nothing; logs what it did. Repeated, it does nothing.
    Example: dbt run-operation ml_remove_old_predictions --args '{ml_model: repurchase, reason: yearly clean-up}'
#}
{% macro ml_remove_old_predictions(reason, ml_model='all') %}
    {% set operation = 'ml_remove_old_predictions' %}
    {% set problems = ml_ledger.argument_problems(reason, needs_version=false) %}
    {% set declaring = [] %}
    {% for name in ml_ledger.ml_model_names() if ml_ledger.declares_retention(name) %}
        {% do declaring.append(name) %}
    {% endfor %}
    {% if ml_model == 'all' and not declaring and 'all' not in ml_ledger.ml_model_names() %}
        {% do problems.append(
            'ml_model: no ML model declares a retention. Fix: declare retention: {predictions_months: 25}.'
        ) %}
        {% do ml_ledger.refuse(operation, problems) %}
    {% endif %}
    {% set states = ml_ledger.operation_states(operation, ml_model, problems, of_all=declaring) %}
    {% for state in states %}
        {% do problems.extend(ml_ledger.retention_problems(state.ml_model)) %}
    {% endfor %}
    {% do ml_ledger.refuse(operation, problems) %}
    {% set statements, found = [], [] %}
    {% for state in states %}
        {% set batches = ml_ledger.old_batches(state) %}
        {% if batches %}
            {% do found.append({'state': state, 'batches': batches}) %}
            {% do statements.append(ml_ledger.insert_events(state, operation, reason, [
                {'event': 'removed', 'details': ml_ledger.text_literal(tojson(batches))},
            ])) %}
            {% set numbers = batches | map(attribute='batch_number') | join(', ') %}
            {% set removed = ' where invocation_id in (select predicted_by from ' ~ state.batches
                ~ ' where batch_number in ('
                ~ numbers ~ '))' %}
            {% if state.feedback is not none %}
                {% do statements.append(
                    'update ' ~ state.feedback ~ ' set reason = null, reason_salt = null where decision_id in'
                        ~ ' (select decision_id from '
                    ~ state.predictions ~ removed ~ ')'
                ) %}
            {% endif %}
            {% do statements.append('delete from ' ~ state.predictions ~ removed) %}
        {% endif %}
    {% endfor %}
    {% if statements %}
        {% do ml_ledger.run_in_transaction(statements) %}
    {% endif %}
    {# Also when there was nothing to remove: an earlier run may have been stopped before it came to this. #}
    {% do ml_ledger.reclaim_space() %}
    {% for one in found %}
        {% do ml_ledger.report(operation, one.state,
            'removed ' ~ one.batches | sum('predictions') ~ ' predictions of ' ~ one.batches | length
                ~ ' batches, decided before '
            ~ ml_ledger.kept_from(one.state)
        ) %}
    {% else %}
        {% for state in states %}
            {% do ml_ledger.report(
                operation, state, 'no batch was decided before ' ~ ml_ledger.kept_from(state) ~ '; nothing to do'
            ) %}
        {% endfor %}
    {% endfor %}
{% endmacro %}

{#
    Whether an ML model declares how long predictions are kept, rightly or not.
    Arguments: ml_model, its name.
    Returns: boolean.
#}
{% macro declares_retention(ml_model) %}
    {% set spec = ml_ledger.ml_model_spec(ml_model) %}
    {% set is_unreadable = 'retention' in spec.unreadable or 'retention.predictions_months' in spec.unreadable %}
    {% do return(is_unreadable or spec.retention.predictions_months is not none) %}
{% endmacro %}

{#
    What is wrong with the declared retention of an ML model.
    Arguments: ml_model, its name.
    Returns: list of texts.
#}
{% macro retention_problems(ml_model) %}
    {% set spec = ml_ledger.ml_model_spec(ml_model) %}
    {% if spec.retention.predictions_months is not none %}
        {% do return([]) %}
    {% endif %}
    {% set key, unreadable = ml_ledger.declared_blocks()['retention']['predictions_months'], spec.unreadable %}
    {% set bounds = key.at_least ~ ' to ' ~ key.at_most %}
    {% do return([
        'ml_models.' ~ ml_model ~ '.retention.predictions_months: '
        ~ ('must be a whole number of months, from ' ~ bounds ~ '; got '
            ~ ml_ledger.as_given(unreadable['retention.predictions_months'])
            if 'retention.predictions_months' in unreadable else 'is not declared')
        ~ '. Allowed: ' ~ bounds ~ ', as 25.'
    ]) %}
{% endmacro %}

{#
    The moment from which the predictions of an ML model are kept.
    Arguments: state, as returned by `operation_state`.
    Returns: text.
#}
{% macro kept_from(state) %}
    {% set months = ml_ledger.ml_model_spec(state.ml_model).retention.predictions_months %}
    {% set moment = 'cast(' ~ dbt.dateadd('month', -months, ml_ledger.clock()) ~ ' as ' ~ dbt.type_timestamp() ~ ')' %}
    {% do return(run_query('select cast(' ~ moment ~ ' as ' ~ dbt.type_string() ~ ') as kept_from')[0]['kept_from']) %}
{% endmacro %}

{#
    The batches that hold predictions which were decided before those that are kept.
    Arguments: state, as returned by `operation_state`.
    Returns: list of mappings of batch_number, predictions (how many there are), decided_at and predictions_hash.
#}
{% macro old_batches(state) %}
    {% set batches = [] %}
    {% for row in run_query(
        'select batches.batch_number, count(*) as predictions, cast(batches.decided_at as ' ~ dbt.type_string()
        ~ ') as decided_at, batches.predictions_hash from ' ~ state.batches ~ ' as batches inner join '
        ~ state.predictions
        ~ ' as predictions on batches.predicted_by = predictions.invocation_id where batches.decided_at < cast('
        ~ ml_ledger.text_literal(ml_ledger.kept_from(state)) ~ ' as ' ~ dbt.type_timestamp()
        ~ ') group by 1, 3, 4 order by 1'
    ) %}
        {% do batches.append({
            'batch_number': row['batch_number'] | int, 'predictions': row['predictions'] | int,
            'decided_at': row['decided_at'], 'predictions_hash': row['predictions_hash'],
        }) %}
    {% endfor %}
    {% do return(batches) %}
{% endmacro %}
