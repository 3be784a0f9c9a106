{#
    A row as one text, the same for everyone who has the row: per column that is not NULL a line
    `<column>=<characters of the value>:<value>`, ordered by column name (docs/record.md). What a hash of the record is
    computed over. A column that is added later is NULL in earlier rows, and changes no text.
    Arguments: columns, mapping of column to SQL type; prefix, of the columns ('rows_so_far.'); instead, mapping of
    column to a SQL expression of a text that takes its place.
    Returns: SQL.
    Example: {{ ml_ledger.canonical_text({'version': 'bigint', 'reason': 'varchar'}) }}
#}
{% macro canonical_text(columns, prefix='', instead={}) %}
    {% set lines = [] %}
    {% for column, type in columns.items() | sort %}
        {% set value = instead[column] if column in instead else ml_ledger.canonical_value(prefix ~ column, type) %}
        {% do lines.append("'" ~ column ~ "=' || length(" ~ value ~ ") || ':' || " ~ value) %}
    {% endfor %}
    {% do return('concat_ws(\n            chr(10),\n            ' ~ lines | join(',\n            ') ~ '\n        )') %}
{% endmacro %}
