{#
    The ML model that a node belongs to: of those declared, the longest name that, with `_` after it, begins the node's.
    Arguments: name, of the node; ml_models, names of the declared ones.
    Returns: string; none for nodes that several ML models share.
    Example: {% set ml_model = ml_ledger.ml_model_of('repurchase_predictions', ml_ledger.ml_model_names()) %}
#}
{% macro ml_model_of(name, ml_models) %}
    {% set found = namespace(name=none) %}
    {% for ml_model in ml_models if name.startswith(ml_model ~ '_')
        and ml_model | length > (found.name or '') | length %}
        {% set found.name = ml_model %}
    {% endfor %}
    {% do return(found.name) %}
{% endmacro %}
