{#
    Create `ml_version_as_of(ml_model, at)` and `ml_version_as_of(ml_model, at, known_at)`, where the engine has table
    functions: the deployment that was live in the champion slot of an ML model at a business time; with `known_at`,
    what was believed at that wall-clock time to be live.
    Arguments: beside, the relation in whose schema it is created; events, the relation ml_deployment_events.
    Returns: SQL, a statement.
    Example: post_hook: "{{ ml_ledger.create_version_as_of(this, ref('ml_deployment_events')) }}"
#}
{% macro create_version_as_of(beside, events) %}
    {% do return(adapter.dispatch('create_version_as_of', 'ml_ledger')(beside, events)) %}
{% endmacro %}

{% macro default__create_version_as_of(beside, events) %}
    {% do ml_ledger.unsupported('create_version_as_of') %}
{% endmacro %}

{% macro duckdb__create_version_as_of(beside, events) -%}
    create or replace macro {{ beside.include(identifier=false) }}.ml_version_as_of
    (wanted_ml_model, wanted_at) as table (
        {{ ml_ledger.version_as_of('wanted_ml_model', 'wanted_at', events.include(database=false)) | indent(8) }}
    ),
    (wanted_ml_model, wanted_at, wanted_known_at) as table (
        {{ ml_ledger.version_as_of(
            'wanted_ml_model', 'wanted_at', events.include(database=false), 'wanted_known_at'
        ) | indent(8) }}
    )
{%- endmacro %}
