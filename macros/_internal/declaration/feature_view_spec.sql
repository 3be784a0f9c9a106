{#
    A feature view as its dbt model declares it in `config.meta.feature_view`. What is wrong with the declaration is
    `feature_view_problems` to say.
    Arguments: relation, of a dbt model.
    Returns: none where it declares nothing; else a mapping: name and path, of the dbt model; declared, as it is
    written; entity, list of columns; timestamp, known_at and tie_breaker, columns or none; maximum_age_days; types, of
    all columns, where it has been built; features, list of columns: the declared ones, else all that are none of those
    before, as far as they are known (where it has not been built, those that are described).
    Example: {% set spec = ml_ledger.feature_view_spec(ref('balances')) %}
#}
{% macro feature_view_spec(relation) %}
    {% set node = ml_ledger.node_of(relation) %}
    {% set declared = ((node.get('config') or {}).get('meta') or {}).get('feature_view') if node else none %}
    {% if declared is none %}
        {% do return(none) %}
    {% endif %}
    {% set written = declared if declared is mapping else {} %}
    {% set types = ml_ledger.column_types(relation) %}
    {% set entity = written.get('entity') %}
    {% set entity = ml_ledger.as_list(entity) %}
    {% set entity = entity if entity is sequence and entity is not mapping else [] %}
    {% set keys = entity + [written.get('timestamp'), written.get('known_at'), written.get('tie_breaker')] %}
    {% set keys = keys | select('string') | map('lower') | list %}
    {% do return({
        'name': node.name,
        'path': (node.get('patch_path') or node.original_file_path).split('://')[-1],
        'node': node,
        'declared': declared,
        'entity': entity,
        'timestamp': written.get('timestamp'),
        'known_at': written.get('known_at'),
        'tie_breaker': written.get('tie_breaker'),
        'maximum_age_days': written.get('maximum_age_days'),
        'types': types,
        'features': written.get('features')
            or (types or node.get('columns') or {}).keys() | map('lower') | reject('in', keys) | list,
    }) %}
{% endmacro %}
