{#
    Every stored decision, computed again from coefficient rows and stored inputs, gives the score and the decision
    that were recorded. A decision that cannot be computed again fails, too, unless the model says that it is not
    replayable. A term that matched twice, or not at all, shows here: this is the one test that computes every decision.
    Arguments: tolerance, the largest difference of scores allowed, relative to scores above 1.
#}
{% test decision_replays(model, tolerance) %}
select *
from {{ model }}
where
    replayable is null
    or replayable
    and (
        not coalesce(decision = replayed_decision, decision is null and replayed_decision is null)
        or not coalesce(predicted = replayed_predicted, predicted is null and replayed_predicted is null)
        or case
            when status = 'scored' then not coalesce(difference <= {{ tolerance }}, false)
            else replayed_score is not null
        end
    )
{% endtest %}
