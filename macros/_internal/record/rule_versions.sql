{#
    The versions that are rules, with what a replay needs of them. SQL cannot evaluate a text, so the expressions are
    read while the project compiles; unit tests override this macro.
    Arguments: coefficients and versions, the relations ml_coefficients and ml_versions.
    Returns: list of mappings: ml_model, version, output, term, expression (SQL), features (list of the columns it
    reads).
    Example: {% set rules = ml_ledger.rule_versions(ref('ml_coefficients'), ref('ml_versions')) %}
#}
{% macro rule_versions(coefficients, versions) %}
    {% set rules = [] %}
    {% if 'expression' in ml_ledger.column_types(coefficients) and load_relation(versions) is not none %}
        {% for row in run_query(ml_ledger.rule_versions_query(coefficients, versions)) %}
            {% do rules.append({
                'ml_model': row['ml_model'],
                'version': row['version'] | int,
                'output': row['output'],
                'term': row['term'] | int,
                'expression': row['expression'],
                'features': fromjson(row['features']),
            }) %}
        {% endfor %}
    {% endif %}
    {% do return(rules) %}
{% endmacro %}

{#
    The query of `rule_versions`.
    Arguments: coefficients and versions, relations.
    Returns: SQL.
#}
{% macro rule_versions_query(coefficients, versions) %}
    select
        coefficients.ml_model,
        coefficients.version,
        coefficients.output,
        coefficients.term,
        coefficients.expression,
        versions.features
    from {{ coefficients }} as coefficients
    inner join {{ versions }} as versions
        on
            coefficients.ml_model = versions.ml_model
            and coefficients.version = versions.version
    where coefficients.expression is not null
    order by coefficients.ml_model, coefficients.version, coefficients.output, coefficients.term
{% endmacro %}
