{#
    Create `ml_version_as_of(ml_model, at)`, where the engine has table functions: the deployment that was live in
    the champion slot of an ML model at a business time, with its version.
    Arguments: deployments, the relation ml_deployments.
    Returns: SQL, a statement.
    Example: post_hook: "{{ ml_ledger.create_version_as_of(this) }}"
#}
{% macro create_version_as_of(deployments) %}
    {% do return(adapter.dispatch('create_version_as_of', 'ml_ledger')(deployments)) %}
{% endmacro %}

{% macro default__create_version_as_of(deployments) %}
    {% do ml_ledger.unsupported('create_version_as_of') %}
{% endmacro %}

{% macro duckdb__create_version_as_of(deployments) -%}
    create or replace macro {{ deployments.include(identifier=false) }}.ml_version_as_of(wanted_ml_model, wanted_at) as table
    {{ ml_ledger.version_as_of('wanted_ml_model', 'wanted_at', deployments) }}
{%- endmacro %}
