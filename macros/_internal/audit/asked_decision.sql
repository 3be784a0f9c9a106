{#
    The decision that an analysis is asked about: `var('decision_id')`; or the latest one of `var('entity_id')`, at
    `var('as_of')` and of `var('ml_model')` where they are given; without these, an example: the first entity's latest
    decision that was scored. It is looked up while the analysis compiles, so that the query reads one decision only.
    Arguments: predictions, the relation ml_predictions.
    Returns: SQL string literal; empty text where there is none.
    Example: where decision_id = {{ ml_ledger.asked_decision(ref('ml_predictions')) }}
#}
{% macro asked_decision(predictions) %}
    {% do ml_ledger.refuse_asked() %}
    {% set asked = var('decision_id', none) %}
    {% if asked is none and execute and load_relation(predictions) is not none %}
        {% set rows = run_query(ml_ledger.asked_decision_query(predictions)) %}
        {% set asked = rows[0]['decision_id'] if rows | length else none %}
    {% endif %}
    {% do return(ml_ledger.text_literal(asked or '')) %}
{% endmacro %}

{#
    Stop where a variable that says which decision is meant is not what it must be.
    Returns: nothing.
#}
{% macro refuse_asked() %}
    {% set problems = [] %}
    {% for name in ['decision_id', 'entity_id', 'ml_model'] if var(name, none) is not none %}
        {% do problems.extend(ml_ledger.identifier_problems(name, var(name))) %}
    {% endfor %}
    {% if var('as_of', none) is not none and ml_ledger.moment_text(var('as_of')) is none %}
        {% do problems.append(
            "as_of: must be a date or a timestamp that exists; got '" ~ var('as_of')
                ~ "'. Allowed: 1998-06-30 or 1998-06-30 18:00:00."
        ) %}
    {% endif %}
    {% if execute %}
        {% do ml_ledger.refuse('the variables', problems) %}
    {% endif %}
{% endmacro %}

{#
    The query of `asked_decision`.
    Arguments: predictions, relation.
    Returns: SQL.
#}
{% macro asked_decision_query(predictions) %}
    select decision_id
    from {{ predictions }}
    where
        slot <> 'shadow'
        {%- if var('entity_id', none) is none %}
        and status = 'scored'
        {%- else %}
        and entity_id = {{ ml_ledger.text_literal(var('entity_id')) }}
        {%- endif %}
        {%- if var('as_of', none) is not none %}
        and as_of = cast(
            {{ ml_ledger.text_literal(ml_ledger.moment_text(var('as_of'))) }} as {{ dbt.type_timestamp() }}
        )
        {%- endif %}
        {%- if var('ml_model', none) is not none %}
        and ml_model = {{ ml_ledger.text_literal(var('ml_model')) }}
        {%- endif %}
    order by as_of desc, ml_model, entity_id, decided_at desc, decision_id
    limit 1
{% endmacro %}

{#
    The ML model that an analysis is asked about: `var('ml_model')`, else the first that is declared.
    Returns: string.
    Example: where ml_model = '{{ ml_ledger.asked_ml_model() }}'
#}
{% macro asked_ml_model() %}
    {% set names = ml_ledger.ml_model_names() %}
    {% set asked = var('ml_model', names | first) %}
    {% if execute and asked not in names %}
        {% do exceptions.raise_compiler_error(
            "ml_model: is not declared; got '" ~ asked ~ "'. Allowed: " ~ (names | join(', ') or '(none)') ~ '.'
        ) %}
    {% endif %}
    {% do return(asked) %}
{% endmacro %}

{#
    The version that an analysis is asked about: `var('version')`, else the latest one.
    Arguments: ml_model, its name; versions, the relation ml_versions.
    Returns: integer; 0 where there is none.
    Example: where version = {{ ml_ledger.asked_version('repurchase', ref('ml_versions')) }}
#}
{% macro asked_version(ml_model, versions) %}
    {% set asked = var('version', none) %}
    {% if asked is none and execute and load_relation(versions) is not none %}
        {% set asked = run_query(
            'select max(version) as version from ' ~ versions ~ ' where ml_model = ' ~ ml_ledger.text_literal(ml_model)
        )[0]['version'] %}
    {% endif %}
    {% do return((asked or 0) | int) %}
{% endmacro %}
