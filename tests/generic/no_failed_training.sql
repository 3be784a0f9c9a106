{#
    The last attempt to train a version of an ML model did not fail, of those ML models that have a champion, which goes
    on deciding, or of those that have none.
    Arguments: model, ml_training_attempts; with_champion, which ML models.
#}
{% test no_failed_training(model, with_champion) %}
select
    ml_model,
    kind,
    message
from {{ model }}
where
    is_open
    and champion_version is {{ 'not ' if with_champion }}null
{% endtest %}
