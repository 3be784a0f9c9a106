{#
    A common table expression `chained`: rows to append, each with the hash of the row before it (`previous_hash`, NULL
    in the first) and its own (`content_hash`), which covers every column, the hash before included. Recursive, since a
    statement may append several rows. Needs `head` (see `chain_head`) and `with recursive`.
    Arguments: rows, an expression with all of `columns` but `hash_format` and `previous_hash`, numbered from
    head.last_number + 1 without a gap; columns, mapping of column to SQL type; number, the column that numbers the
    rows; so_far, the relation that holds the chain, or none.
    Returns: SQL.
    Example: {{ ml_ledger.chained('verdicts', ml_ledger.deployment_columns(), 'event_number', this) }}
#}
{% macro chained(rows, columns, number, so_far) %}
{%- set own = columns.keys() | reject('in', ['hash_format', 'previous_hash']) | list -%}
chained as (
    select
        {%- for column in own %}
        {{ rows }}.{{ column }},
        {%- endfor %}
        cast({{ ml_ledger.hash_format() }} as {{ dbt.type_bigint() }}) as hash_format,
        {{ ml_ledger.chain_link(rows, columns, 'last_row.content_hash' if so_far is not none else none) }}
    from {{ rows }}
    cross join head
    {%- if so_far is not none %}
    left join {{ so_far }} as last_row
        on head.last_number = last_row.{{ number }}
    {%- endif %}
    where {{ rows }}.{{ number }} = head.last_number + 1

    union all

    select
        {%- for column in own %}
        {{ rows }}.{{ column }},
        {%- endfor %}
        chained.hash_format,
        {{ ml_ledger.chain_link(rows, columns, 'chained.content_hash') }}
    from chained
    inner join {{ rows }}
        on chained.{{ number }} + 1 = {{ rows }}.{{ number }}
)
{%- endmacro %}

{#
    The columns previous_hash and content_hash of a row.
    Arguments: rows and columns as of `chained`; previous, SQL of the hash before, or none.
    Returns: SQL.
#}
{% macro chain_link(rows, columns, previous) -%}
{%- set text = dbt.type_string() -%}
{%- set previous = 'cast(' ~ (previous or 'null') ~ ' as ' ~ text ~ ')' -%}
{%- set instead = {'previous_hash': previous, 'hash_format': "'" ~ ml_ledger.hash_format() ~ "'"} -%}
{{ previous }} as previous_hash,
        {{ ml_ledger.sha256(ml_ledger.canonical_text(columns, rows ~ '.', instead)) }} as content_hash
{%- endmacro %}
