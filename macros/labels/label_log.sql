{#
    The labels of an ML model as they were known run by run: a row for every label that is new, and one for every label
    that has changed since, appended. So late corrections keep what was known before, and `labels_as_known` gives the
    labels of any moment. A label that vanishes from `labels` stays as it was; to take one back, make it NULL there.
    Labels that have not matured are logged as well, so that `training_set` sees which as-of dates are complete.

    Columns: entity, as-of date and label as they are called in the declaration, and the column `never` where it names
    one; `matured_at`; `label_source`; `known_at`, the clock of the run; `correction_number`, 0 for the first row of a
    label; `invocation_id`; `recorded_at`.

    A clock before the latest row appends nothing. An entity with several labels for an as-of date stops the build.

    Arguments: ml_model, its name; labels, relation with one row per entity and as-of date, the label and `matured_at`;
    source, SQL over its columns that says where a label comes from, by default the name of the relation.
    Returns: SQL, and configures the dbt model: incremental, append, full_refresh false.
    Example: see models/next_quarter_spend/labels/next_quarter_spend_label_log.sql
#}
{% macro label_log(ml_model, labels, source=none) %}
{%- do ml_ledger.appended() -%}
{%- if execute -%}
{{ ml_ledger.label_log_query(ml_model, labels, source) }}
{%- endif -%}
{% endmacro %}

{#
    The rows that `label_log` appends.
    Arguments: as of `label_log`.
    Returns: SQL.
#}
{% macro label_log_query(ml_model, labels, source) %}
{%- set spec = ml_ledger.ml_model_spec(ml_model) -%}
{%- set never = spec.never -%}
{%- set names = [spec.entity, spec.as_of, spec.label] -%}
{%- do ml_ledger.refuse_double_quotes('label_log', ml_model, names) -%}
{%- set entity, as_of = ml_ledger.quoted(spec.entity), ml_ledger.quoted(spec.as_of) -%}
{%- set label = ml_ledger.quoted(spec.label) -%}
{%- set moment, text = dbt.type_timestamp(), dbt.type_string() -%}
{%- set so_far = ml_ledger.rows_so_far() if is_incremental() else none -%}
{%- set problems = ml_ledger.input_problems('label_log', ml_model, labels=labels) -%}
{%- if so_far is not none and ml_ledger.keys_are_declared(spec, ['entity', 'as_of', 'label']) -%}
    {#- Nothing else would say that labels stay as they were logged. -#}
    {%- do problems.extend(ml_ledger.changed_label_types(spec, labels, so_far)) -%}
    {%- do ml_ledger.refuse("label_log of '" ~ ml_model ~ "'", problems) -%}
{%- endif -%}
{%- if problems -%}
{{ ml_ledger.no_new_rows(ml_ledger.label_log_columns()) }}
{%- else -%}
with

labels_now as (
    select
        {{ entity }} as _ml_entity,
        {{ as_of }} as _ml_as_of,
        {{ label }} as _ml_label,
        {%- if never is not none %}
        coalesce({{ ml_ledger.quoted(never) }}, false) as _ml_never,
        {%- endif %}
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
        min({{ ml_ledger.key_text([spec.entity, spec.as_of]) }}) as _ml_example
    from repeated
),

{{ ml_ledger.changed_labels(spec, so_far) }}

select
    changed._ml_entity as {{ entity }},
    changed._ml_as_of as {{ as_of }},
    changed._ml_label as {{ label }},
    {%- if never is not none %}
    changed._ml_never as {{ ml_ledger.quoted(never) }},
    {%- endif %}
    changed._ml_matured_at as matured_at,
    changed._ml_source as label_source,
    {{ ml_ledger.clock() }} as known_at,
    cast(changed._ml_correction as {{ dbt.type_bigint() }}) as correction_number,
    '{{ invocation_id }}' as invocation_id,
    {{ ml_ledger.wall_clock() }} as recorded_at
from changed
cross join faults
where {{ ml_ledger.fail_for_repeated_labels(ml_model, spec) }}
{%- endif %}
{% endmacro %}

{#
    Common table expressions that find labels of `labels_now` which are new or have changed, as `changed`.
    Arguments: spec, the declaration; so_far, relation with what was logged, or none.
    Returns: SQL.
#}
{% macro changed_labels(spec, so_far) -%}
{%- set never, entity, as_of = spec.never, ml_ledger.quoted(spec.entity), ml_ledger.quoted(spec.as_of) -%}
{% if so_far is not none -%}
known as (
    select
        {{ entity }} as _ml_entity,
        {{ as_of }} as _ml_as_of,
        {{ ml_ledger.quoted(spec.label) }} as _ml_label,
        {%- if never is not none %}
        {%- set is_logged = never | lower in ml_ledger.column_types(so_far) %}
        {{ ml_ledger.quoted(never) if is_logged else 'cast(null as boolean)' }} as _ml_never,
        {%- endif %}
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
            {%- if never is not none %}
            or labels_now._ml_never <> coalesce(known._ml_never, false)
            {%- endif %}
            or labels_now._ml_matured_at is distinct from known._ml_matured_at
            or labels_now._ml_source is distinct from known._ml_source
        )
    {%- endif %}
)
{%- endmacro %}

{#
    The columns of a label log, but for the entity, the as-of date and the label.
    Returns: mapping of column to SQL type.
#}
{% macro label_log_columns() %}
    {% set text, moment = dbt.type_string(), dbt.type_timestamp() %}
    {% do return({
        'matured_at': moment,
        'label_source': text,
        'known_at': moment,
        'correction_number': dbt.type_bigint(),
        'invocation_id': text,
        'recorded_at': moment,
    }) %}
{% endmacro %}

{#
    What is wrong where labels are of another type than those that were logged: a warehouse would convert them silently,
    and 1.5 kept as 2 would be corrected in every run. Also where the log has no room for the column `never`.
    Arguments: spec, the declaration; labels and so_far, relations.
    Returns: list of texts.
#}
{% macro changed_label_types(spec, labels, so_far) %}
    {% set now, known, problems = ml_ledger.column_types(labels), ml_ledger.column_types(so_far), [] %}
    {% for key in ['entity', 'label'] if spec[key] | lower in now and spec[key] | lower in known %}
        {% set new, old = now[spec[key] | lower], known[spec[key] | lower] %}
        {% set same = ml_ledger.key_family(new) == ml_ledger.key_family(old) if key == 'entity'
            else ml_ledger.is_kept_whole(new, old) %}
        {% if not same %}
            {% do problems.append(
                key ~ ": must be of the type that was logged; got '" ~ spec[key] ~ "' of " ~ labels ~ ', which is '
                    ~ new
                ~ '. Allowed: ' ~ old ~ ', as in ' ~ so_far ~ '. Fix: cast it in the label model.'
            ) %}
        {% endif %}
    {% endfor %}
    {% if known and spec.never and spec.never | lower not in known
        and config.get('on_schema_change') not in ['append_new_columns', 'sync_all_columns'] %}
        {% do problems.append(
            "never: the log has no column '" ~ spec.never ~ "'. Fix: in its config,"
                ~ " on_schema_change='append_new_columns'."
        ) %}
    {% endif %}
    {% do return(problems) %}
{% endmacro %}

{#
    Whether a column of one type keeps every value of another.
    Arguments: new, old, SQL types, in lower case; old is that of the column.
    Returns: boolean.
#}
{% macro is_kept_whole(new, old) %}
    {% set kinds = [ml_ledger.column_kind(new), ml_ledger.column_kind(old)] %}
    {% set whole = ml_ledger.is_whole_number_type(new) or kinds[0] == 'boolean' %}
    {% do return(
        new == old
        or (kinds == ['categorical', 'categorical'])
        or (whole and kinds[1] == 'numeric')
        or (kinds[0] == 'numeric' and old in ['double', 'double precision', 'float8', 'float64'])
    ) %}
{% endmacro %}
