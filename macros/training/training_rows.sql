{#
    The rows that versions of an ML model were trained and measured on, kept as `keep_training_set` of the declaration
    says: 'members', who was in it and when; 'full', every column of the training set too, so that `ml-ledger reproduce`
    can train the version again; 'none', nothing. Appended once per version, while the training set still is the one that
    the version was trained on, by its fingerprint. What ml_erase deletes does not come back.

    Columns: `_ml_version`, `_ml_entity_id`, `_ml_as_of`, `_ml_split`, and with 'full' those of the training set, which
    were called `split`, `weight`, `matured_at`, `known_at`, `invocation_id` and `run_by` before they had a prefix: a table
    that was begun then has both, one of them NULL.

    Arguments: ml_model, its name; training_set and versions, the relations of its nodes.
    Returns: SQL, and configures the dbt model: incremental, append, full_refresh false.
    Example: see models/repurchase/training/repurchase_training_rows.sql
#}
{% macro training_rows(ml_model, training_set=none, versions=none) %}
{%- do ml_ledger.appended() -%}
{%- set training_set = ml_ledger.own_node(training_set, ml_model, 'training_set') -%}
{%- set versions = ml_ledger.own_node(versions, ml_model, 'versions') -%}
{%- set spec = ml_ledger.ml_model_spec(ml_model) -%}
{%- set kept = spec.keep_training_set -%}
{%- set so_far = ml_ledger.rows_so_far() if is_incremental() else none -%}
{#- No version was trained on a training set that lacks a column, or that says why it could not be joined. -#}
{%- set types, unjoined = ml_ledger.column_types(training_set), [] -%}
{%- for column in types if column.startswith('_ml_problem: ') -%}{%- do unjoined.append(column) -%}{%- endfor -%}
{%- for column in ml_ledger.fingerprinted_columns(spec) if types and column | lower not in types -%}
    {%- do unjoined.append(column) -%}
{%- endfor -%}
{%- if kept == 'full' and not unjoined -%}
    {%- do ml_ledger.refuse_double_quotes('training_rows', ml_model, ml_ledger.column_types(training_set)) -%}
{%- endif -%}
{%- if kept == 'full' and so_far is not none and not unjoined -%}
    {%- do ml_ledger.refuse_other_types(ml_model, training_set, so_far) -%}
{%- endif -%}
{%- if kept == 'none' or unjoined or not (spec.entity and spec.as_of and spec.features) -%}
{{
    ml_ledger.no_new_rows({
        '_ml_version': dbt.type_bigint(),
        '_ml_entity_id': dbt.type_string(),
        '_ml_as_of': dbt.type_timestamp(),
        '_ml_split': dbt.type_string(),
    })
}}
{%- else -%}
with

known as (
    select max(_ml_known_at) as _ml_known_at
    from {{ training_set }}
),

without_rows as (
    select
        versions.version,
        versions.training_set_fingerprint
    from {{ versions }} as versions
    inner join known
        on versions.trained_at = known._ml_known_at
    {%- if so_far is not none %}
    where not exists (
        select 1
        from {{ so_far }} as so_far
        where so_far._ml_version = versions.version
    )
    {%- endif %}
),

fingerprint as (
    {{ ml_ledger.training_set_fingerprint(spec, training_set) | indent(4) }}
),

trained_on_it as (
    select without_rows.version
    from without_rows
    inner join fingerprint
        on without_rows.training_set_fingerprint = fingerprint.fingerprint
)

select
    cast(trained_on_it.version as {{ dbt.type_bigint() }}) as _ml_version,
    cast(_ml_training_set.{{ ml_ledger.quoted(spec.entity) }} as {{ dbt.type_string() }}) as _ml_entity_id,
    cast(_ml_training_set.{{ ml_ledger.quoted(spec.as_of) }} as {{ dbt.type_timestamp() }}) as _ml_as_of,
    {{ '_ml_training_set.*' if kept == 'full' else '_ml_training_set._ml_split' }}
from {{ training_set }} as _ml_training_set
cross join trained_on_it
where _ml_training_set._ml_split in ({{ ml_ledger.used_splits(spec) }})
{%- endif -%}
{% endmacro %}

{#
    Which rows versions are trained or measured on: with `training.refit` embargoed ones, too.
    Arguments: spec, the declaration.
    Returns: SQL, a list of texts.
#}
{% macro used_splits(spec) %}
    {% do return("'train', 'holdout', 'embargo'" if spec.training.refit else "'train', 'holdout'") %}
{% endmacro %}

{#
    The fingerprint that versions carry, of a training set as it is now (src/ml_ledger/warehouse.py says how).
    Arguments: spec, the declaration; training_set, relation.
    Returns: SQL, a select of one row with the column `fingerprint`.
#}
{% macro training_set_fingerprint(spec, training_set) -%}
{%- set texts = [] -%}
{%- for column in ml_ledger.fingerprinted_columns(spec) -%}
    {%- set text = 'cast(' ~ ml_ledger.quoted(column) ~ ' as ' ~ dbt.type_string() ~ ')' -%}
    {%- do texts.append('coalesce(length(' ~ text ~ ") || ':' || " ~ text ~ ", '-')") -%}
{%- endfor -%}
select
    'md5sum60:' || cast(count(*) as {{ dbt.type_string() }}) || ':'
        || cast(coalesce(sum(_ml_row_number), 0) as {{ dbt.type_string() }}) as fingerprint
from (
    select
        {{ ml_ledger.hex_to_integer('substr(' ~ dbt.hash(texts | join('\n            || ')) ~ ', 1, 15)') }}
            as _ml_row_number
    from {{ training_set }}
    where _ml_split in ({{ ml_ledger.used_splits(spec) }}) and exists (select 1 from without_rows)
) as numbered
{%- endmacro %}

{#
    The columns that the fingerprint of a training set covers.
    Arguments: spec, the declaration.
    Returns: list of names.
#}
{% macro fingerprinted_columns(spec) %}
    {% set columns = [
        spec.entity, spec.as_of, spec.label, '_ml_split', '_ml_weight', spec.training.sample_weight,
        spec.evaluation.cluster, spec.evaluation.weight,
    ] %}
    {% set exposure = [] if spec.exposure in spec.features else [spec.exposure] %}
    {% do return(columns | reject('none') | list + spec.features.keys() | list + exposure | reject('none') | list) %}
{% endmacro %}

{#
    Stop where a column of the training set has another type than in the rows that were kept: a warehouse would convert it
    silently, and what was kept would not be what was trained on.
    Arguments: ml_model, its name; training_set and so_far, relations.
    Returns: nothing.
#}
{% macro refuse_other_types(ml_model, training_set, so_far) %}
    {% set known, problems = ml_ledger.column_types(so_far), [] %}
    {% for column, type in ml_ledger.column_types(training_set).items() if column in known and known[column] != type %}
        {% do problems.append(column ~ ' is ' ~ type ~ ' and was kept as ' ~ known[column]) %}
    {% endfor %}
    {% if problems %}
        {% do exceptions.raise_compiler_error(
            'training_rows of ' ~ ml_model ~ ': rows are kept in columns of one type; got: ' ~ problems | join(', ')
            ~ '. Nothing was written. Fix: cast to the earlier type in the feature model, or declare keep_training_set: members.'
        ) %}
    {% endif %}
{% endmacro %}
