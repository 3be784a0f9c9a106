{#
    Record what people say of decisions: a verdict (what the label should be), an override (what was done instead), or
    that they agree. All of it is recorded, or none.

    Arguments, of one decision: decision_id, or entity_id and as_of with ml_model; reviewer; reason, why; and verdict,
    override_decision, or kind: agree. given_at, when it was said, by default the clock. ml_model is needed only where
    no decision_id is given. Of several: feedback, a list of mappings of these; what is given beside the list holds for
    each mapping that does not say otherwise.
    Returns: nothing; logs what it did. Repeated, it does nothing.
    Example: dbt run-operation ml_record_feedback --args '{decision_id: 3f…, reviewer: eva, verdict: 1,
        reason: ordered by phone}'
#}
{% macro ml_record_feedback(
    decision_id=none,
    entity_id=none,
    as_of=none,
    reviewer=none,
    kind=none,
    verdict=none,
    override_decision=none,
    reason=none,
    given_at=none,
    ml_model=none,
    feedback=none
) %}
    {% set operation = 'ml_record_feedback' %}
    {% set shared = {
        'decision_id': decision_id, 'entity_id': entity_id, 'as_of': as_of, 'reviewer': reviewer, 'kind': kind,
        'verdict': verdict, 'override_decision': override_decision, 'reason': reason, 'given_at': given_at,
        'ml_model': ml_model,
    } %}
    {% set problems = [] %}
    {% set given = ml_ledger.feedback_items(shared, feedback, problems) %}
    {% do ml_ledger.refuse(operation, problems) %}
    {% set states = ml_ledger.feedback_states(operation, given, problems) %}
    {% set statements, told = [], [] %}
    {% for state in states %}
        {% set rows = ml_ledger.feedback_literals(state.given) %}
        {% set new = [] %}
        {% for row in run_query(ml_ledger.checked_feedback(state.ml_model, state.predictions, rows, state.feedback)) %}
            {% set number = row['given_in'] | int %}
            {% set item = (given | selectattr('number', 'equalto', number) | list)[0] %}
            {% if row['problem'] is not none %}
                {% do problems.append(item.where ~ row['problem'] ~ '.') %}
            {% elif row['is_early'] | int == 1 %}
                {% do problems.append(item.where ~ 'given_at is after the clock; got ' ~ row['given_at'] ~ '.') %}
            {% elif row['is_recorded'] | int == 0 %}
                {% do new.append(number) %}
            {% endif %}
        {% endfor %}
        {% if new %}
            {% do statements.append(
                ml_ledger.insert_feedback(state, ml_ledger.feedback_literals(state.given, for_the_record=true))
            ) %}
        {% endif %}
        {% do told.append({'state': state, 'new': new | length, 'old': state.given | length - new | length}) %}
    {% endfor %}
    {% do ml_ledger.refuse(operation, problems) %}
    {% if statements %}
        {% do ml_ledger.run_in_transaction(statements) %}
    {% endif %}
    {% for one in told %}
        {% set before = one.old ~ ' ' ~ ('was' if one.old == 1 else 'were') ~ ' recorded before' %}
        {% do ml_ledger.report(operation, one.state,
            ('recorded ' ~ one.new ~ (', ' ~ before if one.old else '')) if one.new else before ~ '; nothing to do'
        ) %}
    {% endfor %}
{% endmacro %}

{#
    Feedback of an operation, one mapping per decision that is named.
    Arguments: shared, mapping of what is given beside the list; feedback, list as given, or none; problems, list that
    is added to.
    Returns: list of mappings: the keys of shared, with where (how messages begin) and number.
#}
{% macro feedback_items(shared, feedback, problems) %}
    {% do problems.extend(ml_ledger.feedback_argument_problems(shared)) %}
    {% set items, given = [{}], [] %}
    {% if feedback is not none and (feedback is string or feedback is mapping or feedback is not sequence
        or not feedback) %}
        {% do problems.append('feedback: must be a list of mappings; got ' ~ ml_ledger.as_given(feedback) ~ '.') %}
        {% set items = [] %}
    {% elif feedback is not none %}
        {% set items = feedback %}
    {% endif %}
    {% for item in items %}
        {% set where = 'feedback ' ~ loop.index ~ ': ' if feedback is not none else '' %}
        {% if item is not mapping %}
            {% do problems.append(where ~ 'must be a mapping; got ' ~ ml_ledger.as_given(item) ~ '.') %}
        {% else %}
            {% set unknown = item.keys() | reject('in', shared) | list %}
            {% if unknown %}
                {% do problems.append(
                    where ~ 'unknown keys: ' ~ unknown | join(', ') ~ '. Allowed: ' ~ shared.keys() | join(', ') ~ '.'
                ) %}
            {% endif %}
            {% for problem in ml_ledger.feedback_argument_problems(item) %}
                {% do problems.append(where ~ problem) %}
            {% endfor %}
            {% set complete = dict(shared) %}
            {% do complete.update(item) %}
            {% do complete.update({'where': where, 'number': loop.index}) %}
            {% do given.append(complete) %}
        {% endif %}
    {% endfor %}
    {% do return(given) %}
{% endmacro %}

{#
    What is wrong with the types of what is said of a decision. What the words mean is checked where they meet the
    record.
    Arguments: said, mapping.
    Returns: list of texts.
#}
{% macro feedback_argument_problems(said) %}
    {% set problems = [] %}
    {% for name in ['decision_id', 'entity_id', 'reviewer', 'override_decision'] if said.get(name) is not none %}
        {% do problems.extend(ml_ledger.identifier_problems(name, said[name])) %}
    {% endfor %}
    {% if said.get('reason') is not none and said.reason is not string %}
        {% do problems.append("reason: must be a text that says why; got " ~ ml_ledger.as_given(said.reason) ~ '.') %}
    {% endif %}
    {% do return(problems) %}
{% endmacro %}

{#
    The ML models that given feedback is about.
    Arguments: operation, its name; given, list of mappings; problems, list that is added to.
    Returns: list of mappings: ml_model, predictions, feedback (relations), given (the feedback about this ML model).
#}
{% macro feedback_states(operation, given, problems) %}
    {% set names = ml_ledger.ml_model_names(declaring='review') %}
    {% set states = {} %}
    {% for name in names %}
        {% set predictions = ml_ledger.built_relation(name ~ '_predictions') %}
        {% set feedback = ml_ledger.built_relation(name ~ '_feedback') %}
        {% if predictions is not none and feedback is not none %}
            {% do states.update(
                {name: {'ml_model': name, 'predictions': predictions, 'feedback': feedback, 'given': []}}
            ) %}
        {% endif %}
    {% endfor %}
    {% set owner = ml_ledger.owners_of_decisions(
        states.values() | list, given | map(attribute='decision_id') | reject('none') | list
    ) %}
    {% for item in given %}
        {% set name = item.ml_model or owner.get(item.decision_id) %}
        {% if item.ml_model is not none and item.ml_model not in names %}
            {% do problems.append(
                item.where ~ "ml_model: declares no review; got '" ~ item.ml_model ~ "'. Allowed: "
                    ~ (names | join(', ') or '(none)') ~ '.'
            ) %}
        {% elif item.ml_model is not none and item.ml_model not in states %}
            {% do problems.append(
                item.where ~ 'ml_model: ' ~ item.ml_model
                    ~ ' has no feedback node yet. Fix: dbt build --select +' ~ item.ml_model ~ '_feedback.'
            ) %}
        {% elif name in states %}
            {% do states[name].given.append(item) %}
        {% elif item.decision_id is none %}
            {% do problems.append(
                item.where ~ 'no decision is named. Fix: give decision_id, or ml_model, entity_id and as_of.'
            ) %}
        {% else %}
            {% do problems.append(
                item.where ~ 'there is no decision ' ~ item.decision_id ~ ' of an ML model that declares review: '
                ~ (names | join(', ') or '(none)') ~ '.'
            ) %}
        {% endif %}
    {% endfor %}
    {% do return(states.values() | selectattr('given') | list) %}
{% endmacro %}

{#
    Whose decisions these are.
    Arguments: states, list of mappings with ml_model and predictions; ids, list of decision ids.
    Returns: mapping of decision id to the name of its ML model.
#}
{% macro owners_of_decisions(states, ids) %}
    {% set owner = {} %}
    {% for state in (states if ids else []) %}
        {% for row in run_query(
            'select decision_id from ' ~ state.predictions ~ ' where decision_id in (' ~ ml_ledger.text_literals(ids)
                ~ ')'
        ) %}
            {% do owner.update({row['decision_id']: state.ml_model}) %}
        {% endfor %}
    {% endfor %}
    {% do return(owner) %}
{% endmacro %}

{#
    Feedback of an operation as a relation.
    Arguments: given, list of mappings; for_the_record, whether given_in, the number within the operation, is left out.
    Returns: SQL with the columns of `given_feedback`.
#}
{% macro feedback_literals(given, for_the_record=false) %}
    {% set selects = [] %}
    {% for item in given %}
        {% set texts = {} %}
        {% for column in ml_ledger.given_columns() %}
            {% set value = item[column] %}
            {% do texts.update({column: 'null' if value is none else ml_ledger.text_literal(value)}) %}
        {% endfor %}
        {% do selects.append(ml_ledger.shaped_feedback(
            texts, '(select 1 as nothing)', 'operation', 'ml_record_feedback' if for_the_record else item.number
        )) %}
    {% endfor %}
    {% do return(selects | join('\nunion all\n')) %}
{% endmacro %}

{#
    The statement that appends feedback.
    Arguments: state, one element of `feedback_states`; rows, SQL with the columns of `given_feedback`.
    Returns: SQL.
#}
{% macro insert_feedback(state, rows) %}
    {% set columns = ml_ledger.feedback_columns().keys() | list + ['reason', 'reason_salt', 'content_hash'] %}
    {% do return(
        'insert into ' ~ state.feedback ~ ' (' ~ columns | join(', ') ~ ')\n'
        ~ ml_ledger.new_feedback(state.ml_model, state.predictions, rows, state.feedback)
    ) %}
{% endmacro %}
