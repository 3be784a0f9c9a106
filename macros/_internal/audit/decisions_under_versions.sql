{#
    What every version would have decided in place of the one that did: a counterfactual sweep, by each version's own
    SQL over the inputs that decisions stored. A version that needs what a decision did not store, and an estimator,
    give no score, and say so. Shadows decided nothing and are left out.

    Arguments: ml_model, its name; versions and predictions, the relations ml_versions and ml_predictions; numbers, list
    of versions, or none for all; where, SQL condition on predictions, or none.
    Returns: SQL, a select with one row per decision and version: decision_id, ml_model, decided_by_version, slot,
    decision_source, recorded_score, recorded_decision, features (as scored), version, score, predicted, decision,
    differs (NULL where there is no decision), not_computed_because (NULL where it is computed).
    Example: {{ ml_ledger.decisions_under_versions('repurchase', ref('ml_versions'), ref('ml_predictions')) }}
#}
{% macro decisions_under_versions(ml_model, versions, predictions, numbers=none, where=none) -%}
{%- set text, whole, double = dbt.type_string(), dbt.type_bigint(), ml_ledger.type_double() -%}
{%- set deciding = ml_ledger.every_version(ml_model, versions) -%}
{%- set asked = deciding if numbers is none else deciding | selectattr('version', 'in', numbers) | list -%}
{%- set inputs = [] -%}
{%- for version in asked -%}
    {%- for input in version.kinds.items() if input not in inputs -%}{%- do inputs.append(input) -%}{%- endfor -%}
{%- endfor -%}
with

decided as (
    select
        decision_id as _ml_decision_id,
        version as _ml_decided_by,
        slot as _ml_slot,
        decision_source as _ml_decision_source,
        score as _ml_recorded_score,
        decision as _ml_recorded_decision,
        features as _ml_features
        {%- for feature, kind in inputs %},
        {%- set same = ml_ledger.versions_with(deciding, feature, kind) %}
        case when version in ({{ same | join(', ') }}) then {{ ml_ledger.stored_input('features', feature, kind) }} end
            as _ml_input{{ loop.index }}
        {%- endfor %}
    from {{ predictions }}
    where ml_model = '{{ ml_model }}' and slot <> 'shadow'{{ ' and ' ~ where if where }}
),

{% for version in asked -%}
{{ ml_ledger.decided_under(version, deciding, inputs) }},

{% endfor -%}
under_versions as (
    {%- for version in asked %}
    select * from under_version_{{ version.version }}
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- else %}
    select
        decided.*,
        cast(null as {{ whole }}) as _ml_version,
        cast(null as {{ double }}) as _ml_score,
        cast(null as {{ text }}) as _ml_predicted,
        cast(null as {{ text }}) as _ml_decision,
        cast(null as {{ text }}) as _ml_not_computed_because
    from decided
    where 1 = 0
    {%- endfor %}
)

select
    _ml_decision_id as decision_id,
    '{{ ml_model }}' as ml_model,
    _ml_decided_by as decided_by_version,
    _ml_slot as slot,
    _ml_decision_source as decision_source,
    _ml_recorded_score as recorded_score,
    _ml_recorded_decision as recorded_decision,
    _ml_features as features,
    _ml_version as version,
    _ml_score as score,
    _ml_predicted as predicted,
    _ml_decision as decision,
    _ml_decision <> _ml_recorded_decision as differs,
    _ml_not_computed_because as not_computed_because
from under_versions
{%- endmacro %}

{#
    Common table expressions that score what was `decided` with one version.
    Arguments: version, one element of `every_version`; deciding, all of them; inputs, list of (feature, kind), whose
    values are `_ml_input1`, `_ml_input2`, ...
    Returns: SQL: under_<version>_inputs, under_<version>_layer<n>, under_version_<version>.
#}
{% macro decided_under(version, deciding, inputs) -%}
{%- set double, text = ml_ledger.type_double(), dbt.type_string() -%}
{%- set name = 'under_' ~ version.version -%}
{%- set kept = [
    '_ml_decision_id', '_ml_decided_by', '_ml_slot', '_ml_decision_source', '_ml_recorded_score',
    '_ml_recorded_decision', '_ml_features',
] -%}
{{ name }}_inputs as (
    select
        {{ kept | join(',\n        ') }},
        {%- for feature, kind in version.kinds.items() %}
        _ml_input{{ inputs.index((feature, kind)) + 1 }} as {{ ml_ledger.quoted(feature) }},
        {%- endfor %}
        {%- if version.estimator %}
        'version {{ version.version }} is an estimator' as _ml_not_computed_because
        {%- else %}
        {{ ml_ledger.why_not_computed(version, deciding) | indent(8) }} as _ml_not_computed_because
        {%- endif %}
    from decided
),

{% for layer in version.layers if not version.estimator -%}
{{ name }}_layer{{ loop.index }} as {{ ml_ledger.materialized() if version.trees or version.outputs | length > 1 }}(
    select
        *
        {%- for column, sql in layer.items() %},
        {{ sql }} as {{ column }}
        {%- endfor %}
    from {{ name ~ '_inputs' if loop.first else name ~ '_layer' ~ (loop.index - 1) }}
),

{% endfor -%}
under_version_{{ version.version }} as (
    {%- if version.estimator %}
    select
        {{ kept | join(',\n        ') }},
        cast({{ version.version }} as {{ dbt.type_bigint() }}) as _ml_version,
        cast(null as {{ double }}) as _ml_score,
        cast(null as {{ text }}) as _ml_predicted,
        cast(null as {{ text }}) as _ml_decision,
        _ml_not_computed_because
    from {{ name }}_inputs
    {%- else %}
    select
        {{ kept | join(',\n        ') }},
        cast({{ version.version }} as {{ dbt.type_bigint() }}) as _ml_version,
        case when _ml_not_computed_because is null then _ml_score end as _ml_score,
        case when _ml_not_computed_because is null then _ml_predicted end as _ml_predicted,
        case when _ml_not_computed_because is null then {{ ml_ledger.decided_action(version) }} end as _ml_decision,
        _ml_not_computed_because
    from (
        select
            *,
            cast(
                {{ "'" ~ version.threshold ~ "'" if version.threshold is not none else 'null' }} as {{ double }}
            ) as _ml_threshold
        from {{ name }}_layer{{ version.layers | length }}
    ) as scored
    {%- endif %}
)
{%- endmacro %}

{#
    An input as it was scored, from the JSON object that a decision stored.
    Arguments: features, SQL; feature, its name; kind, as it was declared. Levels are compared as text.
    Returns: SQL.
#}
{% macro stored_input(features, feature, kind) %}
    {% set value = ml_ledger.json_value(features, ml_ledger.text_literal(feature)) %}
    {% set types = {'numeric': ml_ledger.type_double(), 'date': dbt.type_timestamp()} %}
    {% do return('cast(' ~ value ~ ' as ' ~ types[kind] ~ ')' if kind in types else value) %}
{% endmacro %}

{#
    Versions that read a feature as a kind.
    Arguments: deciding, as of `every_version`; feature, its name; kind.
    Returns: list of numbers.
#}
{% macro versions_with(deciding, feature, kind) %}
    {% set numbers = [] %}
    {% for version in deciding
        if version.kinds.get(feature) == kind %}{% do numbers.append(version.version) %}{% endfor %}
    {% do return(numbers) %}
{% endmacro %}

{#
    Why a version cannot score a decision: what it reads was not stored, or not so.
    Arguments: version and deciding, as of `decided_under`.
    Returns: SQL, a text over `decided`, NULL where it can.
#}
{% macro why_not_computed(version, deciding) -%}
case
    when _ml_decided_by is null then 'control group: no inputs were stored'
    when _ml_features is null then 'the values were erased'
    {%- for other in deciding %}
    {%- set unread = version.features | reject('in', other.features) | list %}
    {%- set changed = [] %}
    {%- for feature in version.features if feature not in unread
        and other.kinds[feature] != version.kinds[feature] %}
    {%- do changed.append(feature) %}
    {%- endfor %}
    {%- if unread %}
    when _ml_decided_by = {{ other.version }}
        then {{ ml_ledger.text_literal('version ' ~ other.version ~ ' did not store ' ~ unread | join(', ')) }}
    {%- elif changed %}
    when _ml_decided_by = {{ other.version }}
        then {{ ml_ledger.text_literal(
            'version ' ~ other.version ~ ' stored another kind of ' ~ changed | join(', ')
        ) }}
    {%- endif %}
    {%- endfor %}
end
{%- endmacro %}
