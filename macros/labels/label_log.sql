{#
    The labels of an ML model as they were known run by run: a row for every label that is new, and one for every label
    that has changed since, appended. So late corrections keep what was known before, and `labels_as_known` gives the labels
    of any moment. A label that vanishes from `labels` stays as it was; to take one back, make it NULL there. Labels that
    have not matured are logged as well, so that `training_set` sees which as-of dates are complete.

    Columns: entity, as-of date and label as they are called in the declaration; `matured_at`; `label_source`; `known_at`,
    the clock of the run; `correction_number`, 0 for the first row of a label; `invocation_id`; `recorded_at`.

    A clock before the latest row appends nothing. An entity with several labels for an as-of date stops the build.

    Arguments: ml_model, its name; labels, relation with one row per entity and as-of date, the label and `matured_at`;
    source, SQL over its columns that says where a label comes from, by default the name of the relation.
    Returns: SQL. For an incremental dbt model with the strategy append and full_refresh false.
    Example: see models/next_quarter_spend/labels/next_quarter_spend_label_log.sql
#}
{% macro label_log(ml_model, labels, source=none) %}
{%- set spec = ml_ledger.ml_model_spec(ml_model) -%}
{%- do ml_ledger.refuse_without_labels('label_log', ml_model, spec) -%}
{%- set entity, as_of = ml_ledger.quoted(spec.get('entity')), ml_ledger.quoted(spec.get('as_of')) -%}
{%- set label = ml_ledger.quoted(spec.get('label')) -%}
{%- set moment, text = dbt.type_timestamp(), dbt.type_string() -%}
{%- set so_far = ml_ledger.rows_so_far() if is_incremental() else none -%}
with

labels_now as (
    select
        {{ entity }} as _ml_entity,
        {{ as_of }} as _ml_as_of,
        {{ label }} as _ml_label,
        cast(matured_at as {{ moment }}) as _ml_matured_at,
        cast({{ ml_ledger.text_literal(labels.identifier) if source is none else source }} as {{ text }}) as _ml_source
    from {{ labels }}
),

repeated as (
    select
        _ml_entity as {{ entity }},
        _ml_as_of as {{ as_of }}
    from labels_now
    group by _ml_entity, _ml_as_of
    having count(*) > 1
),

faults as (
    select
        count(*) as _ml_repeated,
        min({{ ml_ledger.key_text([spec.get('entity'), spec.get('as_of')]) }}) as _ml_example
    from repeated
),

{% if so_far is not none -%}
known as (
    select
        {{ entity }} as _ml_entity,
        {{ as_of }} as _ml_as_of,
        {{ label }} as _ml_label,
        matured_at as _ml_matured_at,
        label_source as _ml_source,
        correction_number as _ml_correction,
        row_number() over (partition by {{ entity }}, {{ as_of }} order by correction_number desc) as _ml_age
    from {{ so_far }}
),

last_run as (
    select max(known_at) as _ml_known_at from {{ so_far }}
),

{% endif -%}
changed as (
    select
        labels_now.*,
        {{ 'coalesce(known._ml_correction + 1, 0)' if so_far is not none else '0' }} as _ml_correction
    from labels_now
    {%- if so_far is not none %}
    cross join last_run
    left join known
        on
            labels_now._ml_entity = known._ml_entity
            and labels_now._ml_as_of = known._ml_as_of
            and known._ml_age = 1
    where
        coalesce(last_run._ml_known_at <= {{ ml_ledger.clock() }}, true)
        and (
            known._ml_correction is null
            or labels_now._ml_label is distinct from known._ml_label
            or labels_now._ml_matured_at is distinct from known._ml_matured_at
            or labels_now._ml_source is distinct from known._ml_source
        )
    {%- endif %}
)

select
    changed._ml_entity as {{ entity }},
    changed._ml_as_of as {{ as_of }},
    changed._ml_label as {{ label }},
    changed._ml_matured_at as matured_at,
    changed._ml_source as label_source,
    {{ ml_ledger.clock() }} as known_at,
    cast(changed._ml_correction as {{ dbt.type_bigint() }}) as correction_number,
    '{{ invocation_id }}' as invocation_id,
    {{ ml_ledger.wall_clock() }} as recorded_at
from changed
cross join faults
where {{ ml_ledger.fail_for_repeated_labels(ml_model, spec) }}
{% endmacro %}
