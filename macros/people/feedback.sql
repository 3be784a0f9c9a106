{#
    What people say of the decisions of an ML model: a verdict (what the label should be), an override (what was done
    instead), or that they agree; appended and never changed, each row with the hash of the row before. It takes the
    relations that `review.feedback` of the declaration names; the operation `ml_record_feedback` appends to the same
    node. What cannot be recorded is left out and listed by `ml_feedback_problems`. Feedback that is given after the
    clock waits until then.

    Arguments: ml_model, its name; predictions, relation of its node.
    Returns: SQL, and configures the dbt model: incremental, append, full_refresh false.
    Example: see models/repurchase/scoring/repurchase_feedback.sql
#}
{% macro feedback(ml_model, predictions=none) %}
{%- do ml_ledger.appended() -%}
{%- set predictions = ml_ledger.own_node(predictions, ml_model, 'predictions') -%}
{%- set given = ml_ledger.given_feedback(ml_model) -%}
{%- if execute -%}
{%- set so_far = ml_ledger.rows_so_far() if is_incremental() else none -%}
{{ ml_ledger.new_feedback(ml_model, predictions, given, so_far) }}
{%- endif -%}
{% endmacro %}

{#
    The rows of feedback that are not recorded yet, with their hashes.
    Arguments: ml_model, predictions, given and so_far as of `checked_feedback`.
    Returns: SQL, a query of `feedback_columns`, reason, reason_salt and content_hash.
#}
{% macro new_feedback(ml_model, predictions, given, so_far) %}
{%- set text, whole = dbt.type_string(), dbt.type_bigint() -%}
with recursive

{{ ml_ledger.chain_head('feedback_number', so_far) }},

checked as (
    {{ ml_ledger.checked_feedback(ml_model, predictions, given, so_far) | indent(4) }}
),

numbered as (
    select
        checked.*,
        head.last_number + row_number() over (
            order by coalesce(moment, {{ ml_ledger.clock() }}), found_id, reviewer, kind
        ) as feedback_number
    from checked
    cross join head
    where problem is null and is_recorded = 0 and is_early = 0
),

-- Kept, so that a salt is drawn once.
salted as {{ ml_ledger.materialized() }} (
    select
        numbered.*,
        {{ ml_ledger.random_text() }} as reason_salt
    from numbered
),

new_feedback as (
    select
        {{ ml_ledger.text_literal(ml_model ~ '-feedback-') }} || cast(feedback_number as {{ text }}) as feedback_id,
        {{ ml_ledger.text_literal(ml_model) }} as ml_model,
        cast(feedback_number as {{ whole }}) as feedback_number,
        found_id as decision_id,
        reviewer,
        kind,
        verdict,
        override_decision,
        {{ ml_ledger.reason_hash() }} as reason_hash,
        coalesce(moment, {{ ml_ledger.clock() }}) as given_at,
        source,
        given_in,
        {{ ml_ledger.actor() }} as actor,
        {{ ml_ledger.wall_clock() }} as recorded_at,
        '{{ invocation_id }}' as invocation_id
    from salted
),

{{ ml_ledger.chained('new_feedback', ml_ledger.feedback_columns(), 'feedback_number', so_far) }}

select
    {%- for column in ml_ledger.feedback_columns() %}
    chained.{{ column }},
    {%- endfor %}
    salted.reason,
    salted.reason_salt,
    chained.content_hash
from chained
inner join salted
    on chained.feedback_number = salted.feedback_number
{% endmacro %}
