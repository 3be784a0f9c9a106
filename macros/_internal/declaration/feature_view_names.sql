{#
    Names of the declared feature views, in the order of `vars.ml_feature_views`: a list of names, or of mappings with
    `name`. Those with `example: true` belong to the shipped example and count only where it is on. That a name has a
    declaration in the properties of its dbt model is checked when a node runs: see `feature_views`.
    Arguments: problems, list that is filled with what is wrong with the variable.
    Returns: list of strings, empty when none is declared.
    Example: {% for name in ml_ledger.feature_view_names([]) %} ... {% endfor %}
#}
{% macro feature_view_names(problems) %}
    {% set names = [] %}
    {% set listed = var('ml_feature_views', none) or [] %}
    {% if listed is string or listed is mapping or listed is not sequence %}
        {% do problems.append(
            'vars.ml_feature_views: must be a list of names of dbt models; got ' ~ (listed | tojson)
            ~ '. Fix: ml_feature_views: [customer_purchase_features].'
        ) %}
        {% do return([]) %}
    {% endif %}
    {% for entry in listed %}
        {% set name = entry.get('name') if entry is mapping else entry %}
        {% if name is not string or not name | trim %}
            {% do problems.append(
                'vars.ml_feature_views[' ~ loop.index0 ~ ']: must be the name of a dbt model, or a mapping with it'
                    ~ ' as name; got '
                ~ (entry | tojson) ~ '. Fix: - customer_purchase_features.'
            ) %}
        {% elif name in names %}
            {% do problems.append('vars.ml_feature_views: names ' ~ name ~ ' twice. Fix: remove one.') %}
        {% elif entry is string or ml_ledger.example_is_on() or not entry.get('example') %}
            {% do names.append(name) %}
        {% endif %}
    {% endfor %}
    {% do return(names) %}
{% endmacro %}
