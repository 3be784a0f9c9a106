{#
    A common table expression `hashed_batches`: per run that appended predictions their number and the hash of all of
    them. The hashes of rows are ordered and joined within groups of those that begin with the same two digits; the
    hashes of the groups are ordered by these digits and joined.
    Arguments: predictions, an expression with invocation_id and content_hash.
    Returns: SQL.
#}
{% macro hashed_batches(predictions) %}
hash_groups as (
    select
        invocation_id,
        substr(content_hash, 1, 2) as first_digits,
        count(*) as predictions,
        {{ ml_ledger.sha256(dbt.listagg('content_hash', "''", 'order by content_hash')) }} as group_hash
    from {{ predictions }}
    group by invocation_id, substr(content_hash, 1, 2)
),

hashed_batches as (
    select
        invocation_id,
        sum(predictions) as predictions,
        {{ ml_ledger.sha256(dbt.listagg('group_hash', "''", 'order by first_digits')) }} as predictions_hash
    from hash_groups
    group by invocation_id
)
{%- endmacro %}
