{#
    The training set of an ML model: every label of an as-of date that has matured as a whole, with the features of
    the same entity and as-of date.

    Adds to the columns of `features`: the label and `_ml_matured_at`; `_ml_split`, 'train', 'holdout' or 'embargo' (see
    `split_of_row`), or 'never' for what never gets a label (the column `never` of the declaration); `_ml_weight`;
    `_ml_known_at`, the clock; `_ml_invocation_id`; `_ml_run_by`, who runs the
    build.

    What never gets a label counts where it is asked whether an as-of date is complete, is there, and is neither trained
    on nor held out.

    A task clustering has no label: it takes every as-of date up to the clock, each matured as it begins.

    Arguments: ml_model, its name; features, relation with one row per entity and as-of date; labels, relation with
    one row per entity and as-of date, the label, `matured_at` and the column `never`, or none for a task clustering.
    Where they lack a column or their keys cannot be joined (`relation_problems`), it has no rows and says why.
    Returns: SQL.
    Example: {{ ml_ledger.training_set('repurchase') }}
#}
{% macro training_set(ml_model, features=none, labels=none) %}
{%- set features = ml_ledger.declared_relation(features, ml_model, 'features', required=true) -%}
{%- set spec = ml_ledger.ml_model_spec(ml_model) -%}
{%- if spec.task != 'clustering' -%}
    {%- set labels = ml_ledger.declared_relation(labels, ml_model, 'labels') -%}
{%- endif -%}
{%- if execute -%}
{{ ml_ledger.training_set_query(ml_model, spec, features, labels) }}
{%- endif -%}
{% endmacro %}

{#
    The rows of `training_set`.
    Arguments: as of `training_set`; spec, the declaration.
    Returns: SQL.
#}
{% macro training_set_query(ml_model, spec, features, labels) %}
{%- set holdout = ml_ledger.declared_holdout(spec) -%}
{%- set problems = ml_ledger.training_set_problems(ml_model, spec, holdout, features, labels) -%}
{%- if problems -%}
{{ ml_ledger.unjoined_training_set(spec, features, labels, problems) }}
{%- else -%}
{%- set never = spec.never if labels is not none else none -%}
{%- set entity, as_of = ml_ledger.quoted(spec.entity), ml_ledger.quoted(spec.as_of) -%}
with

{{ ml_ledger.matured_rows(spec, features, labels) }}

{{ ml_ledger.as_of_splits(holdout, relaxed=spec.evaluation.embargo == 'relaxed') }}

select
    {% if labels is not none -%}
    labelled._ml_label as {{ ml_ledger.quoted(spec.label) }},
    {% endif -%}
    labelled._ml_matured_at,
    {% set split = ml_ledger.split_of_row(holdout, '_ml_features.' ~ entity) -%}
    {{ "case when labelled._ml_never then 'never' else " ~ split ~ ' end' if never else split }} as _ml_split,
    cast(1 as {{ ml_ledger.type_double() }}) as _ml_weight,
    {{ ml_ledger.clock() }} as _ml_known_at,
    '{{ invocation_id }}' as _ml_invocation_id,
    {{ ml_ledger.actor() }} as _ml_run_by,
    _ml_features.*
from {{ 'settled' if never else 'matured' }} as labelled
inner join {{ features }} as _ml_features
    on
        labelled._ml_entity_key = _ml_features.{{ entity }}
        and labelled._ml_as_of_key = _ml_features.{{ as_of }}
{{ 'left' if never else 'inner' }} join splits
    on labelled._ml_as_of_key = splits._ml_as_of_key
{%- endif -%}
{% endmacro %}

{#
    Common table expressions with what is trained on but for its features: `matured`, and where something may never get
    a label, `settled`, which has that as well.
    Arguments: spec, the declaration; features and labels, as of `training_set`.
    Returns: SQL.
#}
{% macro matured_rows(spec, features, labels) -%}
{%- set never, moment = spec.never, dbt.type_timestamp() -%}
{%- set entity, as_of = ml_ledger.quoted(spec.entity), ml_ledger.quoted(spec.as_of) -%}
{% if labels is none -%}
matured as (
    select
        {{ entity }} as _ml_entity_key,
        {{ as_of }} as _ml_as_of_key,
        cast({{ as_of }} as {{ moment }}) as _ml_matured_at
    from {{ features }}
    where {{ as_of }} <= {{ ml_ledger.clock() }}
),
{%- else -%}
labelled as (
    select
        {{ entity }} as _ml_entity_key,
        {{ as_of }} as _ml_as_of_key,
        {{ ml_ledger.quoted(spec.label) }} as _ml_label,
        {%- if never %}
        coalesce({{ ml_ledger.quoted(never) }}, false) as _ml_never,
        {%- endif %}
        cast(matured_at as {{ moment }}) as _ml_matured_at
    from {{ labels }}
),

complete_as_of_dates as (
    select _ml_as_of_key
    from labelled
    group by _ml_as_of_key
    having
        max(_ml_matured_at) <= {{ ml_ledger.clock() }}
        and count(*) = count(_ml_matured_at)
),

{{ 'settled' if never else 'matured' }} as (
    select labelled.*
    from labelled
    inner join complete_as_of_dates
        on labelled._ml_as_of_key = complete_as_of_dates._ml_as_of_key
),
{%- if never %}

matured as (
    select *
    from settled
    where not _ml_never
),
{%- endif %}
{%- endif %}
{%- endmacro %}

{#
    What keeps features and labels from being joined.
    Arguments: as of `training_set`; spec, the declaration; holdout, as of `declared_holdout`.
    Returns: list of texts; empty while dbt parses.
#}
{% macro training_set_problems(ml_model, spec, holdout, features, labels) %}
    {% if execute and spec.task and (labels is none) != (spec.task == 'clustering') %}
        {% do return([
            "training_set of '" ~ ml_model ~ "': task clustering takes no labels, every other task does; got task "
            ~ spec.task ~ ' and ' ~ ('no labels' if labels is none else 'labels from ' ~ labels)
            ~ '. Fix: ' ~ ('declare relations.labels' if labels is none else 'remove the argument labels')
            ~ ', or correct the task.'
        ]) %}
    {% endif %}
    {% set problems = ml_ledger.input_problems('training_set', ml_model, features=features, labels=labels) %}
    {% if not execute or problems %}
        {% do return(problems) %}
    {% endif %}
    {% do problems.extend(ml_ledger.holdout_problems(ml_model, holdout, features)) %}
    {% do problems.extend(ml_ledger.label_key_problems(spec, features, labels)) %}
    {% do return(problems) %}
{% endmacro %}

{#
    What is wrong where features and labels are keyed by texts that are written in two ways, by the keys of the latest
    as-of date that both have.
    Arguments: spec, the declaration; features and labels, relations; labels may be none.
    Returns: list of texts.
#}
{% macro label_key_problems(spec, features, labels) %}
    {% set texts = [] %}
    {% for relation in [features, labels] %}
        {% set type = ml_ledger.column_types(relation).get(spec.entity | lower) %}
        {% if type is not none and ml_ledger.key_family(type) == 'text' %}{% do texts.append(type) %}{% endif %}
    {% endfor %}
    {% if texts | length == 2 %}
        {% set entity, as_of = ml_ledger.quoted(spec.entity), ml_ledger.quoted(spec.as_of) %}
        {% set latest = 'select max(' ~ as_of ~ ') from ' ~ labels ~ ' as _ml_labels where ' ~ as_of
            ~ ' in (select ' ~ as_of
            ~ ' from ' ~ features ~ ' as _ml_features)' %}
        {% set keys = 'select cast(' ~ entity ~ ' as ' ~ dbt.type_string() ~ ') as _ml_key from ' %}
        {% set dated = ' as _ml_keyed where ' ~ as_of ~ ' = (' ~ latest ~ ')' %}
        {% do return(ml_ledger.spelling_problems(
            {'where': 'features', 'keys': keys ~ features ~ dated}, {'where': 'labels', 'keys': keys ~ labels ~ dated}
        )) %}
    {% endif %}
    {% do return([]) %}
{% endmacro %}

{#
    A training set without rows, where features and labels cannot be joined: the columns that it would have, and one for
    each problem, whose name is what the versions node says (UNJOINED in src/ml_ledger/training_set/validation.py).
    Without rows and with its columns, data tests on it pass, so that the nodes after it run.
    Arguments: spec, the declaration; features and labels, as of `training_set`; problems, list of texts.
    Returns: SQL.
#}
{% macro unjoined_training_set(spec, features, labels, problems) -%}
{%- set there = ml_ledger.column_types(features) -%}
{%- set keys = [spec.entity, spec.as_of, spec.label if labels is not none else none] -%}
select
    {%- for column in keys | select('string') | unique if column | lower not in there %}
    cast(null as {{ dbt.type_string() }}) as {{ ml_ledger.quoted(column) }},
    {%- endfor %}
    {%- for problem in problems %}
    cast(null as {{ dbt.type_string() }}) as {{ ml_ledger.quoted('_ml_problem: ' ~ problem) }},
    {%- endfor %}
    {%- for column in ml_ledger.training_set_columns() %}
    {%- set type = dbt.type_timestamp() if column.endswith('_at')
        else ml_ledger.type_double() if column == '_ml_weight' else dbt.type_string() %}
    cast(null as {{ type }}) as {{ column }}{{ ',' if there or not loop.last }}
    {%- endfor %}
    {%- if there %}
    _ml_features.*
from {{ features }} as _ml_features
    {%- endif %}
where 1 = 0
{%- endmacro %}
