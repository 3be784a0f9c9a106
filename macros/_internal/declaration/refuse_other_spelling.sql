{#
    Stop a run in which two relations write the keys of the same entities in two ways, 000017 and 17: they would not be
    joined, or be taken for other entities, without a word. Found where keys of one that the other does not have are,
    without leading zeros and without .0 at the end, those that only the other has; not where both relations have keys
    of such a kind, which may be entities of their own.
    Arguments: asked_by, name of the macro; ml_model, its name; first and second, each a mapping of where (words) and
    keys (SQL, a select of texts as `_ml_key`).
    Returns: nothing.
    Example: see macros/training/training_set.sql
#}
{% macro refuse_other_spelling(asked_by, ml_model, first, second) %}
    {% do ml_ledger.refuse(asked_by ~ " of '" ~ ml_model ~ "'", ml_ledger.spelling_problems(first, second)) %}
{% endmacro %}

{#
    What `refuse_other_spelling` stops for.
    Arguments: as there.
    Returns: list of texts.
#}
{% macro spelling_problems(first, second) %}
    {% if not execute %}{% do return([]) %}{% endif %}
    {% set query %}
        with

        first_keys as (
            {{ ml_ledger.spelled_keys(first['keys']) }}
        ),

        second_keys as (
            {{ ml_ledger.spelled_keys(second['keys']) }}
        ),

        only_first as (
            select * from first_keys where _ml_key not in (select _ml_key from second_keys)
        ),

        only_second as (
            select * from second_keys where _ml_key not in (select _ml_key from first_keys)
        )

        select
            count(*) as _ml_pairs,
            min(only_first._ml_key) as _ml_first,
            min(only_second._ml_key) as _ml_second,
            (select count(*) from first_keys where _ml_key <> _ml_number) as _ml_first_others,
            (select count(*) from second_keys where _ml_key <> _ml_number) as _ml_second_others
        from only_first
        inner join only_second
            on only_first._ml_number = only_second._ml_number
    {% endset %}
    {% set pairs, one, other, of_first, of_second = run_query(query).rows[0] %}
    {% if pairs and (of_first == 0 or of_second == 0) %}
        {% do return([
            'entity: keys must read the same; got ' ~ pairs ~ ' that do not, such as ' ~ one ~ ' in ' ~ first.where
                ~ ' and '
            ~ other ~ ' in ' ~ second.where ~ '. Fix: write the entity in one way in the models that are read.'
        ]) %}
    {% endif %}
    {% do return([]) %}
{% endmacro %}

{#
    Keys that are digits, and the number that each may stand for.
    Arguments: keys, SQL, as of `refuse_other_spelling`.
    Returns: SQL, a select of `_ml_key` and `_ml_number`, both texts.
#}
{% macro spelled_keys(keys) -%}
{%- set number = ml_ledger.replace_pattern(ml_ledger.replace_pattern('_ml_key', '[.]0+$', ''), '^0+', '') -%}
select distinct
    _ml_key,
    coalesce(nullif({{ number }}, ''), '0') as _ml_number
from ({{ keys }}) as keys_of_relation
where {{ ml_ledger.matches('_ml_key', '[0-9]+([.]0+)?') }}
{%- endmacro %}
