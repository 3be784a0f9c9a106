{#
    Warn of dbt models that declare a feature view which `vars.ml_feature_views` does not name.
    Returns: nothing.
#}
{% macro warn_of_unlisted_views() %}
    {% set names = ml_ledger.feature_view_names([]) %}
    {% for node in (graph.nodes.values() if execute else []) if node.package_name == project_name
        and node.name not in names %}
        {% if ((node.get('config') or {}).get('meta') or {}).get('feature_view') is not none %}
            {% do exceptions.warn(
                'feature view ' ~ node.name ~ ': its properties declare it, but vars.ml_feature_views does not name'
                    ~ ' it, so that'
                ~ ' it is not in ml_features. Fix: add ' ~ node.name ~ ' to vars.ml_feature_views in dbt_project.yml.'
            ) %}
        {% endif %}
    {% endfor %}
{% endmacro %}
