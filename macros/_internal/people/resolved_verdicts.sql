{#
    What reviewers say together of the label of each decision, by `review.conflict` of the declaration: `latest` or
    `first`, the word of who spoke last or first; `majority`, what most say, and nothing on a tie; `unanimous`, nothing
    unless all say the same. Each reviewer counts once, by the latest word.
    Arguments: as of `reviewer_opinions`.
    Returns: SQL, a select of ml_model, decision_id, verdict (NULL while undecided), reviewers (how many), in_conflict
    (they differ) and given_at, when the last word fell that the verdict rests on.
    Example: {{ ml_ledger.resolved_verdicts(ref('ml_feedback'), ref('ml_predictions')) }}
#}
{% macro resolved_verdicts(feedback, predictions, at=none) -%}
with

opinions as (
    {{ ml_ledger.reviewer_opinions(feedback, predictions, at) | indent(4) }}
),

votes as (
    select
        opinions.*,
        count(*) over (partition by ml_model, decision_id) as reviewers,
        count(*) over (partition by ml_model, decision_id, verdict) as votes,
        row_number() over (
            partition by ml_model, decision_id order by given_at desc, feedback_number desc
        ) as from_last,
        row_number() over (partition by ml_model, decision_id order by first_place) as from_first
    from opinions
),

most as (
    select
        ml_model,
        decision_id,
        max(votes) as votes
    from votes
    group by ml_model, decision_id
)

select
    votes.ml_model,
    votes.decision_id,
    case max(votes.conflict)
        when 'latest' then max(case when votes.from_last = 1 then votes.verdict end)
        when 'first' then max(case when votes.from_first = 1 then votes.verdict end)
        when 'majority'
            then
                case
                    when count(distinct case when votes.votes = most.votes then votes.verdict end) = 1
                        then max(case when votes.votes = most.votes then votes.verdict end)
                end
        when 'unanimous' then case when count(distinct votes.verdict) = 1 then max(votes.verdict) end
    end as verdict,
    max(votes.reviewers) as reviewers,
    count(distinct votes.verdict) > 1 as in_conflict,
    case max(votes.conflict)
        when 'latest' then max(case when votes.from_last = 1 then votes.given_at end)
        when 'first' then max(case when votes.from_first = 1 then votes.given_at end)
        else max(votes.given_at)
    end as given_at
from votes
inner join most
    on
        votes.ml_model = most.ml_model
        and votes.decision_id = most.decision_id
group by votes.ml_model, votes.decision_id
{%- endmacro %}
