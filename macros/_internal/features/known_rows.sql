{#
    Which rows of a feature view can be taken at the clock: those with an entity, whose timestamp and `known_at` have
    come.
    Arguments: spec, as of `feature_view_spec`.
    Returns: SQL, a condition.
    Example: select count(*) from {{ view.relation }} where {{ ml_ledger.known_rows(view) }}
#}
{% macro known_rows(spec) %}
    {% set conditions = [] %}
    {% for column in spec.entity %}
        {% do conditions.append(ml_ledger.column(column) ~ ' is not null') %}
    {% endfor %}
    {% for column in [spec.timestamp, spec.known_at] if column is not none %}
        {% do conditions.append(ml_ledger.moment_of(spec, column) ~ ' <= ' ~ ml_ledger.clock()) %}
    {% endfor %}
    {% do return(conditions | join('\n        and ')) %}
{% endmacro %}

{# A moment of a feature view in UTC. Arguments: spec; column, its name. Returns: SQL. #}
{% macro moment_of(spec, column) %}
    {% do return(ml_ledger.utc_moment(
        ml_ledger.column(column), ml_ledger.has_time_zone(spec.types.get(ml_ledger.column_name(column) | lower) or '')
    )) %}
{% endmacro %}
