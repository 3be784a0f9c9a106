{#
    Feedback as it was given, each row with the decision that it is about and with all that is wrong with it. The one
    place that knows what feedback may say: the node, the list of problems and the operation use it.

    Arguments: ml_model, its name; predictions, relation of its node; given, SQL with the columns of `given_feedback`;
    so_far, the relation with what is recorded already, or none.
    Returns: SQL, a select of the columns given, with moment (given_at as a timestamp), found_id (the decision),
    is_recorded (1 for what is in the record, word for word), is_early (1 where it is given after the clock: its time
    will come) and problem.
    Example: {{ ml_ledger.checked_feedback('repurchase', ref('repurchase_predictions'), given, this) }}
#}
{% macro checked_feedback(ml_model, predictions, given, so_far) %}
{%- set spec = ml_ledger.ml_model_spec(ml_model) -%}
{%- set actions = ml_ledger.declared_actions(spec) -%}
with

given as (
    {{ given | indent(4) }}
),

{{ ml_ledger.feedback_with_decisions(spec, predictions) }},

{{ ml_ledger.feedback_against_record(so_far) }}

select
    decision_id,
    entity_id,
    as_of,
    reviewer,
    kind,
    said as verdict,
    override_decision,
    reason,
    given_at,
    source,
    given_in,
    moment,
    found_id,
    is_recorded,
    case when moment > {{ ml_ledger.clock() }} then 1 else 0 end as is_early,
    nullif(concat_ws(
        '; ',
        {%- for condition, problem in ml_ledger.feedback_faults(spec, actions, predictions) %}
        case when {{ condition }} then {{ problem }} end{{ ',' if not loop.last }}
        {%- endfor %}
    ), '') as problem
from compared
{% endmacro %}

{#
    What can be wrong with feedback.
    Arguments: spec, the declaration; actions, as returned by `declared_actions`; predictions, relation of the node.
    Returns: list of pairs of SQL: a condition over `compared`, and the words.
#}
{% macro feedback_faults(spec, actions, predictions) %}
    {% set said = "coalesce(said, '(none)')" %}
    {% set faults = [
        ("decision_id is null and (entity_id is null or as_of is null)",
            "'no decision is named. Fix: give decision_id, or entity_id and as_of'"),
        ('is_recorded = 0 and found_id is null and decision_id is not null and coalesce(moment <= '
            ~ ml_ledger.clock() ~ ', true)',
            "'there is no decision ' || decision_id"),
        ('as_of is not null and as_of_moment is null', "'as_of is not a timestamp; got ' || as_of"),
        ("found_id is null and decision_id is null and entity_id is not null and as_of_moment is not null"
            ~ ' and coalesce(moment <= ' ~ ml_ledger.clock() ~ ', true)',
            "'there is no decision about ' || entity_id || ' as of ' || as_of"),
        ('has_numbers = 1 and found_id is not null and decision_id is null and '
            ~ ml_ledger.is_ambiguous_number(predictions),
            "'entity_id is a number in ' || given_in || ', and ' || entity_id || ' is not the only entity that reads"
                ~ " so. Fix: make "
            ~ "the column a text, of a seed with column_types'"),
        ("found_slot = 'shadow'", "'is about a shadow, which decides nothing'"),
        ("is_recorded = 0 and found_id is not null and found_entity is null", "'is about a person who was erased'"),
        ('reviewer is null', "'reviewer is missing'"),
        ('reason is null', "'reason is missing'"),
        ('kind is null', "'says nothing. Fix: give a verdict, an override_decision, or kind agree'"),
        ("kind not in ('verdict', 'override', 'agree')",
            "'kind is not known; got ' || kind || '. Allowed: verdict, override, agree'"),
        ("kind = 'verdict' and said is null", "'verdict is missing'"),
        ("kind = 'override' and override_decision is null", "'override_decision is missing'"),
        ("kind = 'verdict' and override_decision is not null",
            "'a verdict has no override_decision. Fix: kind override may have both'"),
        ("kind = 'agree' and (said is not null or override_decision is not null)",
            "'who agrees gives neither a verdict nor an override_decision'"),
        ("source <> 'operation' and given_at is null", "'given_at is missing'"),
        ('given_at is not null and moment is null', "'given_at is not a timestamp; got ' || given_at"),
        ('is_recorded = 0 and ' ~ ml_ledger.matches('given_at', '.*[0-9]:[0-9]{2}.*[+-][0-9]{2}(:?[0-9]{2})?'),
            "'given_at has a time zone, which is not read; got ' || given_at || '. Fix: write it in UTC, without one'"),
        ('moment > ' ~ ml_ledger.wall_clock(), "'given_at is in the future; got ' || given_at"),
        ('cast(moment as date) < cast(found_decided_at as date)',
            "'given_at is before the decision was made; got ' || given_at"),
        ('is_recorded = 0 and is_other = 1',
            "'is not what was recorded with the same reviewer and given_at. Fix: give a new row with a later"
                ~ " given_at'"),
        ("place > 1 and coalesce(found_id, decision_id) is not null and (moment is not null or source = 'operation')",
            "'duplicate row'"),
    ] %}
    {% if actions %}
        {% do faults.append((
            'override_decision not in (' ~ ml_ledger.text_literals(actions) ~ ')',
            "'override_decision is no declared action; got ' || override_decision || "
                ~ ml_ledger.text_literal('. Allowed: ' ~ actions | join(', ')),
        )) %}
    {% else %}
        {% do faults.append(('override_decision is not null', "'there is no declared decision to override'")) %}
    {% endif %}
    {% do return(faults + ml_ledger.verdict_faults(spec)) %}
{% endmacro %}

{#
    What can be wrong with a verdict.
    Arguments: spec, the declaration.
    Returns: list of pairs, as `feedback_faults`.
#}
{% macro verdict_faults(spec) %}
    {% set faults = [] %}
    {% set allowed = ['0', '1'] if spec.task == 'binary' else spec.classes or [] %}
    {% if spec.label is none %}
        {% do faults.append(('said is not null', "'the declaration has no label that a verdict could be'")) %}
    {% elif spec.task == 'regression' %}
        {% set double = ml_ledger.type_double() %}
        {% do faults.append((
            'said is not null and not (case when ' ~ ml_ledger.can_be_cast('said', double) ~ ' then abs(cast(said as '
                ~ double
                ~ ')) <= ' ~ ml_ledger.largest_double() ~ ' else 1 = 0 end)',
            "'verdict is no finite number; got ' || said",
        )) %}
    {% elif allowed %}
        {% do faults.append((
            'said not in (' ~ ml_ledger.text_literals(allowed) ~ ')',
            "'verdict is no class of the label; got ' || said || "
                ~ ml_ledger.text_literal('. Allowed: ' ~ allowed | join(', ')),
        )) %}
    {% endif %}
    {% do return(faults) %}
{% endmacro %}

{#
    Whether another entity was decided as of the same moment whose text is the same number: 022 beside 22.
    Arguments: predictions, relation of the node.
    Returns: SQL, a condition over `compared`.
#}
{% macro is_ambiguous_number(predictions) -%}
exists (
            select 1
            from {{ predictions }} as others
            where
                others.as_of = compared.as_of_moment
                and others.entity_id <> compared.entity_id
                and trim(leading '0' from others.entity_id) = trim(leading '0' from compared.entity_id)
        )
{%- endmacro %}

{#
    The actions that a declaration knows.
    Arguments: spec, the declaration.
    Returns: list of texts, empty without a policy.
#}
{% macro declared_actions(spec) %}
    {% set decision, actions = spec.decision, [] %}
    {% if decision %}
        {% for action in [decision.positive, decision.negative] + (decision.actions or {}).values() | list
            + [decision.fallback] if action is string and action not in actions %}
            {% do actions.append(action) %}
        {% endfor %}
    {% endif %}
    {% do return(actions) %}
{% endmacro %}

{#
    A verdict as the label writes it: of task binary 0 or 1, also where true, 1.0 or 1.00 was given.
    Arguments: spec, the declaration.
    Returns: SQL over `verdict`.
#}
{% macro canonical_verdict(spec) -%}
{%- if spec.task == 'binary' -%}
case
            when {{ ml_ledger.matches('lower(verdict)', '1([.]0*)?|true') }} then '1'
            when {{ ml_ledger.matches('lower(verdict)', '0([.]0*)?|false') }} then '0'
            else verdict
        end
{%- else -%}
verdict
{%- endif -%}
{%- endmacro %}

{#
    Whether recorded feedback is the same person's, on the same decision and of the same kind.
    Returns: SQL, a condition over `recorded` and `about`.
#}
{% macro same_feedback_key() -%}
recorded.decision_id = coalesce(about.found_id, about.decision_id)
                and recorded.reviewer = about.reviewer
                and recorded.kind = about.kind
{%- endmacro %}

{#
    Texts as SQL literals.
    Arguments: texts, list.
    Returns: SQL, comma separated.
#}
{% macro text_literals(texts) %}
    {% set literals = [] %}
    {% for text in texts %}
        {% do literals.append(ml_ledger.text_literal(text)) %}
    {% endfor %}
    {% do return(literals | join(', ')) %}
{% endmacro %}

{#
    Common table expressions that end in `about`: what was `given`, with its moments, and the decision that it is about.
    Arguments: spec, the declaration; predictions, relation of the node.
    Returns: SQL.
#}
{% macro feedback_with_decisions(spec, predictions) -%}
{%- set moment = dbt.type_timestamp() -%}
dated as (
    select
        given.*,
        case
            when given_at is null then null
            when {{ ml_ledger.can_be_cast('given_at', moment) }} then cast(given_at as {{ moment }})
        end as moment,
        case
            when as_of is null then null
            when {{ ml_ledger.can_be_cast('as_of', moment) }} then cast(as_of as {{ moment }})
        end as as_of_moment,
        {{ ml_ledger.canonical_verdict(spec) }} as said
    from given
),

about as (
    select
        dated.*,
        coalesce(by_id.decision_id, by_entity.decision_id) as found_id,
        coalesce(by_id.slot, by_entity.slot) as found_slot,
        coalesce(by_id.entity_id, by_entity.entity_id) as found_entity,
        coalesce(by_id.decided_at, by_entity.decided_at) as found_decided_at
    from dated
    left join {{ predictions }} as by_id
        on dated.decision_id = by_id.decision_id
    left join {{ predictions }} as by_entity
        on
            dated.decision_id is null
            and dated.entity_id = by_entity.entity_id
            and dated.as_of_moment = by_entity.as_of
            and by_entity.slot <> 'shadow'
)
{%- endmacro %}

{#
    Common table expressions that end in `compared`: feedback `about` decisions, with whether it is recorded already,
    word for word or in other words, and its place among what is the same.
    Arguments: so_far, the relation with what is recorded already, or none.
    Returns: SQL.
#}
{% macro feedback_against_record(so_far) -%}
{% if so_far is not none -%}
recorded as (
    select
        *,
        row_number() over (partition by decision_id, reviewer, kind order by feedback_number desc) as _ml_age
    from {{ so_far }}
),

{% endif -%}
compared as (
    select
        about.*,
        {%- if so_far is none %}
        0 as is_recorded,
        0 as is_other,
        {%- else %}
        case when exists (
            select 1
            from recorded
            where
                {{ ml_ledger.same_feedback_key() }}
                -- Whoever runs an operation again says the same again, later.
                and (
                    recorded.given_at = about.moment
                    or (about.source = 'operation' and about.given_at is null and recorded._ml_age = 1)
                )
                and coalesce(recorded.verdict, '') = coalesce(about.said, '')
                and coalesce(recorded.override_decision, '') = coalesce(about.override_decision, '')
                -- Without a salt the words were erased.
                and (recorded.reason_salt is null or recorded.reason = about.reason)
        ) then 1 else 0 end as is_recorded,
        case when exists (
            select 1
            from recorded
            where {{ ml_ledger.same_feedback_key() }} and recorded.given_at = about.moment
        ) then 1 else 0 end as is_other,
        {%- endif %}
        row_number() over (
            partition by coalesce(found_id, decision_id), reviewer, kind, moment
            order by source, given_in, reason, said, override_decision
        ) as place
    from about
)
{%- endmacro %}
