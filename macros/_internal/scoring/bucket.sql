{#
    The bucket of an entity, 0 to 9999, that says which arm of an experiment decides for it: the first 8 hexadecimal
    digits of the MD5 of '<salt>|<entity>' in UTF-8, modulo 10000. The same on every engine, and for anyone who computes
    it again.
    Arguments: ml_model, its name: the salt is `experiment.salt` of its declaration, by default the name; entity, SQL
    expression of a text.
    Returns: SQL.
    Example: {{ ml_ledger.bucket('repurchase', 'entity_id') }} as bucket
#}
{% macro bucket(ml_model, entity) %}
    {% do return(ml_ledger.bucket_of(ml_ledger.ml_model_spec(ml_model).experiment.salt or ml_model, entity)) %}
{% endmacro %}

{#
    The bucket of a text, 0 to 9999, as above.
    Arguments: salt, text; value, SQL expression of a text.
    Returns: SQL.
#}
{% macro bucket_of(salt, value) %}
    {% set salted = ml_ledger.text_literal(salt ~ '|') ~ ' || ' ~ value %}
    {% do return(ml_ledger.hex_to_integer('substr(' ~ dbt.hash(salted) ~ ', 1, 8)') ~ ' % 10000') %}
{% endmacro %}
