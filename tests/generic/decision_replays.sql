{#
    Every stored decision, computed again from coefficient rows and stored inputs, gives the score and the decision
    that were recorded. A decision that cannot be computed again fails, too.
    Arguments: tolerance, the largest difference of scores allowed (a probability, or units of the label).
#}
{% test decision_replays(model, tolerance) %}
select *
from {{ model }}
where
    not coalesce(decision = replayed_decision, false)
    or case
        when status = 'scored' then not coalesce(difference <= {{ tolerance }}, false)
        else replayed_score is not null
    end
{% endtest %}
