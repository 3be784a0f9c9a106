{#
    The features of a feature view that ML models declare.
    Arguments: view, as of `feature_views`; readers, names of the ML models that read it.
    Returns: mapping of the feature, in lower case, to a mapping of ML model to kind.
#}
{% macro declared_uses(view, readers) %}
    {% set uses = {} %}
    {% for ml_model in readers %}
        {% for name, declared in ml_ledger.ml_model_spec(ml_model).features.items() %}
            {% do uses.setdefault(name | lower, {}).update({ml_model: declared.get('kind')}) %}
        {% endfor %}
    {% endfor %}
    {% set found = {} %}
    {% for feature in view.features %}
        {% set name = ml_ledger.column_name(feature) | lower %}
        {% if name in uses %}{% do found.update({name: uses[name]}) %}{% endif %}
    {% endfor %}
    {% do return(found) %}
{% endmacro %}
