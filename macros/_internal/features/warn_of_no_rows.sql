{#
    Warn where a relation has no row: what is computed from it is empty or NULL.
    Arguments: what, how it is called; relation, which is not looked at where it is not built, or a text.
    Returns: nothing.
    Example: {% do ml_ledger.warn_of_no_rows('trailing: events', ref('orders')) %}
#}
{% macro warn_of_no_rows(what, relation) %}
    {# `dbt build --empty` reads no row anywhere. #}
    {% if ml_ledger.column_types(relation) and relation.limit != 0 %}
        {% if run_query('select 1 from ' ~ relation ~ ' as _ml_any_row limit 1').rows | length == 0 %}
            {% do exceptions.warn(
                what ~ ' (' ~ relation ~ ') has no row; what is computed from it is empty or NULL. Fix: look at what'
                    ~ ' it is built'
                ~ ' from.'
            ) %}
        {% endif %}
    {% endif %}
{% endmacro %}
