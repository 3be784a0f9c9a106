{#
    A column that an argument names, as an SQL identifier. Whoever has quoted it already, as dbt does for a column with
    `quote: true`, means the same column.
    Arguments: name, string; relation, name before it, or none.
    Returns: SQL.
    Example: {{ ml_ledger.column('Order no.', 'spine') }}
#}
{% macro column(name, relation=none) %}
    {% do return(ml_ledger.quoted(ml_ledger.column_name(name), relation)) %}
{% endmacro %}

{#
    How a column that an argument names is called, without quotes.
    Arguments: name, string.
    Returns: string.
#}
{% macro column_name(name) %}
    {% set mark = adapter.quote('')[0] %}
    {% set name = name | string | trim %}
    {% if name | length > 2 and name[0] == mark and name[-1] == mark %}
        {% do return(name[1:-1] | replace(mark ~ mark, mark)) %}
    {% endif %}
    {% do return(name) %}
{% endmacro %}

{#
    Columns that an argument names, as SQL identifiers.
    Arguments: names, a string or a list; relation, name before each, or none.
    Returns: list of SQL.
#}
{% macro columns(names, relation=none) %}
    {% set found = [] %}
    {% for name in ml_ledger.as_list(names) %}
        {% do found.append(ml_ledger.column(name, relation)) %}
    {% endfor %}
    {% do return(found) %}
{% endmacro %}
