{#
    The columns of `predictions` before they get their identifiers, with no row: while no version is live.
    Arguments: classes, the declared classes or none.
    Returns: SQL, a select.
#}
{% macro no_predictions(classes) -%}
select
        _ml_entity_id as entity_id,
        _ml_as_of as as_of,
        cast(null as {{ dbt.type_string() }}) as slot,
        cast(null as {{ ml_ledger.type_double() }}) as share,
        _ml_bucket as bucket,
        cast(null as {{ dbt.type_bigint() }}) as version,
        cast(null as {{ dbt.type_string() }}) as deployment_id,
        cast(null as {{ dbt.type_string() }}) as status,
        cast(null as {{ dbt.type_string() }}) as rejected_because,
        cast(null as {{ ml_ledger.type_double() }}) as link_score,
        cast(null as {{ ml_ledger.type_double() }}) as score,
        cast(null as {{ dbt.type_string() }}) as predicted,
        {{- ml_ledger.class_probabilities(classes) }}
        cast(null as {{ dbt.type_string() }}) as output_scores,
        cast(null as {{ ml_ledger.type_double() }}) as threshold,
        cast(null as {{ dbt.type_string() }}) as decision,
        cast(null as {{ dbt.type_string() }}) as decision_source,
        cast(null as {{ dbt.type_string() }}) as reasons,
        cast(null as {{ dbt.type_string() }}) as features,
        cast(null as {{ dbt.type_string() }}) as imputed_features,
        cast(null as {{ dbt.type_string() }}) as clipped_features
    from entities
    where 1 = 0
{%- endmacro %}
