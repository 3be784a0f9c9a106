{#
    Erase a person: in every prediction of the entity its values become NULL and their salted hash takes their place, so
    that the chain of hashes holds; its outcomes and its rows of kept training sets are deleted, and so are the
    reasons that reviewers gave for it. An event says which decisions, never whose.
    Erase in the sources first, or the next as-of date scores the entity again (docs/retention.md).
    Arguments: entity_id, a text, as in ml_predictions; reason, why, without the entity's id; ml_model, or 'all'
    (default).
    Returns: nothing; logs what it did. An entity that the record does not hold, or not any more, is an error.
    Example: dbt run-operation ml_erase --args '{ml_model: repurchase, entity_id: "1970", reason: request of 3 May}'
#}
{% macro ml_erase(entity_id, reason, ml_model='all') %}
    {% set problems = ml_ledger.argument_problems(reason, needs_version=false) %}
    {% do problems.extend(ml_ledger.identifier_problems('entity_id', entity_id)) %}
    {% set states = ml_ledger.operation_states('ml_erase', ml_model, problems) %}
    {% if reason is string and entity_id is string and entity_id | length and ml_ledger.has_word(reason, entity_id) %}
        {% do problems.append(
            'reason: holds the id of the entity, and would keep it. Fix: name the request by a number or date of its'
                ~ ' own.'
        ) %}
    {% endif %}
    {% do ml_ledger.refuse('ml_erase', problems) %}
    {% set statements, found = [], [] %}
    {% for state in states %}
        {% set erased = ml_ledger.rows_of_entity(state, entity_id) %}
        {% if erased.decisions or erased.training_rows %}
            {% do found.append({'state': state, 'erased': erased}) %}
            {% do statements.append(ml_ledger.insert_events(state, 'ml_erase', reason, [
                {'event': 'erased', 'details': ml_ledger.text_literal(tojson(erased.decisions + erased.training_rows))},
            ])) %}
            {% do statements.extend(ml_ledger.erasing_statements(state, entity_id, erased)) %}
        {% endif %}
    {% endfor %}
    {% if statements %}
        {% do ml_ledger.run_in_transaction(statements) %}
    {% endif %}
    {# Also when there was nothing to erase: an earlier run may have been stopped before it came to this. #}
    {% do ml_ledger.reclaim_space() %}
    {% for one in found %}
        {% do ml_ledger.report('ml_erase', one.state,
            'erased the values of ' ~ one.erased.decisions | length ~ ' predictions and '
            ~ one.erased.training_rows | sum('training_rows') ~ ' rows of kept training sets'
        ) %}
    {% else %}
        {% do ml_ledger.refuse('ml_erase', [
            'entity_id: is not in the record of ' ~ states | map(attribute='ml_model') | join(', ') ~ '; got '
            ~ ml_ledger.as_given(entity_id) ~ '. Allowed: an entity_id of ml_predictions or ml_training_rows. It is'
            ~ ' gone'
            ~ ' already where ml_erase was run before, which ml_deployment_events says.'
        ]) %}
    {% endfor %}
{% endmacro %}

{#
    What the record of an ML model holds of an entity.
    Arguments: state, as returned by `operation_state`; entity_id, as given.
    Returns: mapping: decisions, list of mappings of decision_id; training_rows, list of mappings of version and
    training_rows (how many).
#}
{% macro rows_of_entity(state, entity_id) %}
    {% set id = ml_ledger.text_literal(entity_id) %}
    {% set found = {'decisions': [], 'training_rows': []} %}
    {% for row in run_query(
        'select decision_id from ' ~ state.predictions ~ ' where entity_id = ' ~ id ~ ' order by decision_id'
    ) %}
        {% do found.decisions.append({'decision_id': row['decision_id']}) %}
    {% endfor %}
    {% if state.training_rows is not none %}
        {% for row in run_query(
            'select _ml_version, count(*) as training_rows from ' ~ state.training_rows ~ ' where _ml_entity_id = ' ~ id
            ~ ' group by _ml_version order by _ml_version'
        ) %}
            {% do found.training_rows.append({
                'version': row['_ml_version'] | int, 'training_rows': row['training_rows'] | int,
            }) %}
        {% endfor %}
    {% endif %}
    {% do return(found) %}
{% endmacro %}

{#
    The statements that erase an entity.
    Arguments: state, as returned by `operation_state`; entity_id, as given; erased, as returned by `rows_of_entity`.
    Returns: list of SQL.
#}
{% macro erasing_statements(state, entity_id, erased) %}
    {% set statements, ids = [], [] %}
    {% for decision in erased.decisions %}
        {% do ids.append(ml_ledger.text_literal(decision.decision_id)) %}
    {% endfor %}
    {% if ids %}
        {% set statement %}
            update {{ state.predictions }}
            set
                values_hash = {{ ml_ledger.values_hash('', ml_ledger.column_types(state.predictions)) }},
                {%- for column in ml_ledger.personal_columns() %}
                {{ column }} = null,
                {%- endfor %}
                values_salt = null
            where decision_id in ({{ ids | join(', ') }})
        {% endset %}
        {% do statements.append(statement) %}
        {% if state.feedback is not none %}
            {% do statements.append(
                'update ' ~ state.feedback ~ ' set reason = null, reason_salt = null where decision_id in ('
                    ~ ids | join(', ') ~ ')'
            ) %}
        {% endif %}
    {% endif %}
    {% if state.outcomes is not none %}
        {% do statements.append(
            'delete from ' ~ state.outcomes ~ ' where entity_id = ' ~ ml_ledger.text_literal(entity_id)
        ) %}
    {% endif %}
    {% if erased.training_rows %}
        {% do statements.append(
            'delete from ' ~ state.training_rows ~ ' where _ml_entity_id = ' ~ ml_ledger.text_literal(entity_id)
        ) %}
    {% endif %}
    {% do return(statements) %}
{% endmacro %}

{#
    Whether a text holds a word, in upper or lower case.
    Arguments: text and word, strings.
    Returns: boolean.
#}
{% macro has_word(text, word) %}
    {% do return(
        modules.re.search('(?i)(?<![a-z0-9_])' ~ modules.re.escape(word) ~ '(?![a-z0-9_])', text) is not none
    ) %}
{% endmacro %}
