{#
    All declared feature views, or one compiler error with every problem of all declarations. A dbt model that declares one
    without being listed in `vars.ml_feature_views` is a warning.
    Returns: list of mappings as of `feature_view_spec`, with `relation`; empty while dbt parses, and without those that
    have not been built while it compiles.
    Example: {% for view in ml_ledger.feature_views() %} ... {% endfor %}
#}
{% macro feature_views() %}
    {% set names, views, problems = ml_ledger.feature_view_names(), [], [] %}
    {% for name in names %}
        {% set relation = ref(project_name, name) %}
        {% if execute %}
            {% set spec = ml_ledger.feature_view_spec(relation) %}
            {% do problems.extend(ml_ledger.feature_view_problems(name, relation, spec)) %}
            {% if spec and spec.types %}
                {% do spec.update({'relation': relation}) %}
                {% do views.append(spec) %}
            {% endif %}
        {% endif %}
    {% endfor %}
    {% do ml_ledger.refuse('feature views', problems) %}
    {% for node in (graph.nodes.values() if execute else []) if node.package_name == project_name and node.name not in names %}
        {% if ((node.get('config') or {}).get('meta') or {}).get('feature_view') is not none %}
            {% do exceptions.warn(
                'feature view ' ~ node.name ~ ': its properties declare it, but vars.ml_feature_views does not name it, so that'
                ~ ' it is not in ml_features. Fix: add ' ~ node.name ~ ' to vars.ml_feature_views in dbt_project.yml.'
            ) %}
        {% endif %}
    {% endfor %}
    {% do return(views) %}
{% endmacro %}
