{#
    A relation that an ML model reads: the one that is given, else the one that `relations` of the declaration names, a
    dbt model, a seed, or `source.table`.
    Arguments: relation, as given; ml_model, its name; key, of `relations`; required, whether it stops the run that
    there is none.
    Returns: relation, or none.
    Example: {% set features = ml_ledger.declared_relation(features, 'repurchase', 'features') %}
#}
{% macro declared_relation(relation, ml_model, key, required=false) %}
    {% if relation is not none %}
        {% do return(relation) %}
    {% endif %}
    {% set relations = ml_ledger.ml_model_spec(ml_model).relations %}
    {% set name = none if relations is none else relations[key] %}
    {% if name is not none %}
        {% do return(ml_ledger.named_relation(name)) %}
    {% elif required and execute %}
        {% do exceptions.raise_compiler_error(
            "ml_models." ~ ml_model ~ ".relations." ~ key ~ ": must name where " ~ key
                ~ " come from; got nothing. Fix: "
            ~ "relations: {" ~ key ~ ": name_of_a_dbt_model}, or " ~ key ~ "=ref('name_of_a_dbt_model') in "
            ~ (model.original_file_path if model else 'this call') ~ "."
        ) %}
    {% endif %}
    {% do return(none) %}
{% endmacro %}

{#
    The relation of a name as declarations write it.
    Arguments: name, of a dbt model or a seed, or `source.table`.
    Returns: relation.
#}
{% macro named_relation(name) %}
    {% set parts = name.split('.') %}
    {% do return(source(parts[0], parts[1]) if parts | length == 2 else ref(project_name, name)) %}
{% endmacro %}
