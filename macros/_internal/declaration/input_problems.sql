{#
    What keeps a node from reading what it is given: keys that the declaration lacks, or that say something else than a
    column, and what is wrong with the relations. Each is logged; the node then goes without new rows instead of
    failing, since dbt would skip the views over all ML models with it. The versions node records it as an attempt.
    Arguments: asked_by, name of the macro, none where nothing is to be logged; ml_model, its name; features and labels,
    relations, or none.
    Returns: list of texts; empty while dbt parses.
    Example: {% set problems = ml_ledger.input_problems('outcomes', ml_model, labels=labels) %}
#}
{% macro input_problems(asked_by, ml_model, features=none, labels=none) %}
    {% set spec, problems = ml_ledger.ml_model_spec(ml_model), [] %}
    {% if not execute %}
        {% do return([]) %}
    {% endif %}
    {% for key in ['entity', 'as_of'] + (['label'] if labels is not none else [])
        if not ml_ledger.keys_are_declared(spec, [key]) %}
        {% do problems.append('ml_models.' ~ ml_model ~ '.' ~ key ~ ': must name a column. Fix: declare it.') %}
    {% endfor %}
    {% do problems.extend(ml_ledger.relation_problems(ml_model, features=features, labels=labels)) %}
    {% for problem in problems if asked_by is not none %}
        {% do log('ml_ledger: ' ~ asked_by ~ ' of ' ~ ml_model ~ ' has no new rows: ' ~ problem, info=true) %}
    {% endfor %}
    {% do return(problems) %}
{% endmacro %}

{#
    Whether a declaration has keys that can be read.
    Arguments: spec, as `ml_model_spec` returns it; keys, list.
    Returns: boolean.
#}
{% macro keys_are_declared(spec, keys) %}
    {% for key in keys if not spec[key] %}
        {% do return(false) %}
    {% endfor %}
    {% do return(true) %}
{% endmacro %}
