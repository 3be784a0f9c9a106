{#
    What is wrong with the declaration of a feature view.
    Arguments: name, of the dbt model; relation; spec, as of `feature_view_spec`.
    Returns: list of texts.
#}
{% macro feature_view_problems(name, relation, spec) %}
    {% set example = 'config: {meta: {feature_view: {entity: customer_id, timestamp: as_of_date}}}' %}
    {% if spec is none %}
        {% do return([
            'feature view ' ~ name ~ ': vars.ml_feature_views names it, but its properties do not declare it; got no'
            ~ ' config.meta.feature_view. Fix: add ' ~ example ~ ' to its YAML, or remove it from the variable.'
        ]) %}
    {% endif %}
    {% set where = 'feature view ' ~ name ~ ' (' ~ spec.path ~ '): ' %}
    {% if spec.declared is not mapping %}
        {% do return([
            where ~ 'config.meta.feature_view must be a mapping; got ' ~ (spec.declared | tojson) ~ '. Fix: '
                ~ example ~ '.'
        ]) %}
    {% endif %}
    {% set declared, problems = spec.declared, [] %}
    {% set keys = [
        'entity', 'timestamp', 'known_at', 'tie_breaker', 'features', 'owner', 'maximum_age_days', 'fresh_within_days'
    ] %}
    {% for key in declared if key not in keys %}
        {% do problems.append(
            where ~ key ~ ': unknown key; got ' ~ (declared[key] | tojson) ~ '. Allowed: ' ~ keys | join(', ')
            ~ '. Fix: remove the key.'
        ) %}
    {% endfor %}
    {% set columns = {'timestamp': declared.get('timestamp')} %}
    {% for key in ['known_at', 'tie_breaker'] if declared.get(key) is not none %}
        {% do columns.update({key: declared[key]}) %}
    {% endfor %}
    {% do problems.extend(ml_ledger.not_column_names(where, columns)) %}
    {% for key in ['entity', 'features'] if key == 'entity' or declared.get(key) is not none %}
        {% set value = declared.get(key) %}
        {% set listed = [value] if value is string and key == 'entity' else value %}
        {% if listed is string or listed is mapping or listed is not sequence or not listed
            or listed | reject('string') | list %}
            {% do problems.append(
                where ~ key ~ ': must name '
                ~ ('the column, or list the columns, that say whom a row is about' if key == 'entity'
                else 'the columns that are features')
                ~ '; got ' ~ ('nothing' if value is none else value | tojson) ~ '. Fix: '
                ~ key ~ ': ' ~ ('customer_id' if key == 'entity' else '[...], or leave it out for all others') ~ '.'
            ) %}
        {% else %}
            {% for column in listed %}
                {% do columns.update({key ~ ('' if value is string else '[' ~ loop.index0 ~ ']'): column}) %}
            {% endfor %}
        {% endif %}
    {% endfor %}
    {% do problems.extend(ml_ledger.missing_columns(where, relation, spec.types, columns)) %}
    {% do problems.extend(ml_ledger.moment_problems([
        [where ~ 'timestamp', spec.types, declared.get('timestamp')],
        [where ~ 'known_at', spec.types, declared.get('known_at')],
    ])) %}
    {% for key in ['maximum_age_days', 'fresh_within_days'] %}
        {% set days = declared.get(key) %}
        {% if days is not none and (days is not integer or days is boolean or days < 0) %}
            {% do problems.append(
                where ~ key ~ ': must be a whole number of days, 0 or more; got ' ~ (days | tojson) ~ '. Fix: ' ~ key
                    ~ ': 31.'
            ) %}
        {% endif %}
    {% endfor %}
    {% if declared.get('owner') is not none and declared.owner is not string %}
        {% do problems.append(
            where ~ 'owner: must be a text; got ' ~ (declared.owner | tojson) ~ '. Fix: owner: crm.'
        ) %}
    {% endif %}
    {% do return(problems + ml_ledger.unread_view_problems(name, where, relation, spec)) %}
{% endmacro %}

{#
    What is wrong with the relation of a feature view: no columns can be read, or none is a feature.
    Arguments: name, relation and spec, as of `feature_view_problems`; where, what its messages begin with.
    Returns: list of texts.
#}
{% macro unread_view_problems(name, where, relation, spec) %}
    {% set problems = [] %}
    {% if relation.is_cte %}
        {% do problems.append(
            where ~ 'is ephemeral, so that its history cannot be read. Fix: config: {materialized: table}, or view.'
        ) %}
    {% elif spec.types and not spec.features %}
        {% do problems.append(
            where ~ 'has no column beside its keys; got ' ~ spec.types.keys() | join(', ') ~ '. Fix: add features.'
        ) %}
    {% elif not spec.types and flags.WHICH in ['run', 'build'] %}
        {% do problems.append(
            where ~ 'has not been built; ' ~ relation ~ ' does not exist. Fix: dbt build --select ' ~ name ~ '.'
        ) %}
    {% endif %}
    {% do return(problems) %}
{% endmacro %}
