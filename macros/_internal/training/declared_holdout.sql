{#
    What a declaration holds out: exactly one of as_of_dates, days, from, share (with of) and column; the old spelling
    `holdout_as_of_dates` is as_of_dates. Where nothing is declared, the last as-of date, and is_declared is false.
    Arguments: spec, mapping as `ml_model_spec` returns it.
    Returns: mapping; empty where the declaration is not valid, which the versions node says with every other problem.
    Example: {% set holdout = ml_ledger.declared_holdout(spec) %}
#}
{% macro declared_holdout(spec) %}
    {% set holdout, old = spec.evaluation.holdout, spec.evaluation.holdout_as_of_dates %}
    {% for path in spec.unreadable if path.startswith('evaluation.holdout') %}{% do return({}) %}{% endfor %}
    {% if holdout is none %}
        {% do return({'as_of_dates': old or ml_ledger.as_of_dates_held_out(), 'is_declared': old is not none}) %}
    {% endif %}
    {% set found = {} %}
    {% for way, value in holdout.items() if value is not none %}{% do found.update({way: value}) %}{% endfor %}
    {% set ways = found | reject('eq', 'of') | list %}
    {% do return(dict(found, is_declared=true) if ways | length == 1 and old is none else {}) %}
{% endmacro %}

{#
    What is wrong with a declared holdout beside its shape, which the versions node looks at.
    Arguments: ml_model, its name; holdout, mapping as of `declared_holdout`; features, relation.
    Returns: list of texts.
#}
{% macro holdout_problems(ml_model, holdout, features) %}
    {% set where, types = 'ml_models.' ~ ml_model ~ '.evaluation.holdout', ml_ledger.column_types(features) %}
    {% set columns = {
        'column': holdout.get('column'), 'of': holdout.get('of') if holdout.get('of') != 'entity' else none
    } %}
    {% if not holdout %}
        {% do return([where ~ ': cannot be read. Fix: correct it.']) %}
    {% elif 'from' in holdout and ml_ledger.moment_text(holdout['from']) is none %}
        {% do return([where ~ ".from: must be a date; got '" ~ holdout['from'] ~ "'. Fix: from: '2024-01-31'."]) %}
    {% endif %}
    {% do return(ml_ledger.missing_columns(where ~ '.', features, types, columns)) %}
{% endmacro %}

{#
    The split of a row by a hash of what is held out together: the same on every engine, and for whoever computes it
    again.
    Arguments: column, SQL of it, NULL is one value; share, which part of its values is held out.
    Returns: SQL: 'holdout' or 'train'.
#}
{% macro hashed_split(column, share) %}
    {% set text = 'coalesce(cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ "), '')" %}
    {% do return(
        'case when ' ~ ml_ledger.bucket_of('holdout', text) ~ ' < ' ~ (share * 10000) | round | int
        ~ " then 'holdout' else 'train' end"
    ) %}
{% endmacro %}

{#
    How a row of the training set is used: by its as-of date (`as_of_splits`), by a hash of its entity or of a column,
    or by what a column says. Where nobody declared anything and there is one as-of date, by a hash of the entity.
    Arguments: holdout, mapping as of `declared_holdout`; entity, SQL of it. Columns are of `_ml_features`.
    Returns: SQL: 'train', 'holdout' or 'embargo'; what else a column says is refused before anything is trained.
#}
{% macro split_of_row(holdout, entity) %}
    {% if 'column' in holdout %}
        {% set column = '_ml_features.' ~ ml_ledger.quoted(holdout.column) %}
        {% do return('cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ ')') %}
    {% elif 'share' in holdout %}
        {% set is_of_entity = 'of' not in holdout or holdout.of == 'entity' %}
        {% do return(ml_ledger.hashed_split(
            entity if is_of_entity else '_ml_features.' ~ ml_ledger.quoted(holdout.of), holdout.share
        )) %}
    {% elif holdout.is_declared %}
        {% do return('splits._ml_split') %}
    {% endif %}
    {% do return(
        'case when splits._ml_dates = 1 then ' ~ ml_ledger.hashed_split(entity, ml_ledger.share_of_one_date())
        ~ ' else splits._ml_split end'
    ) %}
{% endmacro %}
