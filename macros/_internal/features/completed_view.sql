{#
    An entry of `views` of `point_in_time_join`, with what it leaves out: from the declaration of its feature view, else
    the entity that the spine has. What is wrong with it is `view_problems` to say.
    Arguments: view, mapping; entity, as of `point_in_time_join`.
    Returns: mapping with the same keys, entity and spine_entity as lists.
#}
{% macro completed_view(view, entity) %}
    {% set full = dict(view) %}
    {% set spec = ml_ledger.feature_view_spec(view.get('relation')) %}
    {% if spec %}
        {% set declared = {'columns': spec.features} %}
        {% for key in ['timestamp', 'known_at', 'tie_breaker', 'maximum_age_days'] if spec[key] is not none %}
            {% do declared.update({key: spec[key]}) %}
        {% endfor %}
        {% for key, value in declared.items() if key not in full and value != [] %}
            {% do full.update({key: value}) %}
        {% endfor %}
        {# The spine's column of the same name: another one must be named, or rows of one thing would meet those of
           another. #}
        {% if view.get('entity') is none and spec.entity %}
            {% do full.update({'entity': spec.entity}) %}
            {% if view.get('spine_entity') is none %}
                {% do full.update({'spine_entity': spec.entity}) %}
            {% endif %}
        {% endif %}
    {% endif %}
    {% for key in ['entity', 'spine_entity'] %}
        {% set columns = full[key] if full.get(key) is not none else entity %}
        {% do full.update({key: ml_ledger.as_list(columns)}) %}
    {% endfor %}
    {% do return(full) %}
{% endmacro %}
