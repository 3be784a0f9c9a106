{#
    All declared feature views, or one compiler error with every problem of all declarations.
    Returns: list of mappings as of `feature_view_spec`, with `relation`; empty while dbt parses, and without those that
    have not been built while it compiles.
    Example: {% for view in ml_ledger.feature_views() %} ... {% endfor %}
#}
{% macro feature_views() %}
    {% set views, problems = [], [] %}
    {% for name in ml_ledger.feature_view_names(problems) %}
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
    {# While dbt parses, an error would stop every node. #}
    {% do ml_ledger.refuse('feature views', problems if execute else []) %}
    {% do return(views) %}
{% endmacro %}
