{#
    Warn where a spine has no row, or has rows without entity or as-of moment, whose features are NULL.
    Arguments: macro, that reads it; spine, relation, which is not looked at where it is not built, or a text; columns,
    those of its keys.
    Returns: nothing.
#}
{% macro warn_of_bad_keys(macro, spine, columns) %}
    {% if ml_ledger.column_types(spine) and spine.limit != 0 %}
        {% set rows, complete = run_query(
            'select count(*) as all_rows, count(case when ' ~ ml_ledger.all_there(columns)
                ~ ' then 1 end) as complete_rows from '
            ~ spine ~ ' as _ml_spine'
        ).rows[0] %}
        {% if rows == 0 %}
            {% do ml_ledger.warn_of_no_rows(macro ~ ': spine', spine) %}
        {% elif rows > complete %}
            {% do exceptions.warn(
                macro ~ ': spine (' ~ spine ~ '): ' ~ (rows - complete) ~ ' of ' ~ rows ~ ' rows have NULL in '
                ~ columns | join(' or ') ~ '; their features are NULL. Fix: leave them out of the spine, or find'
                ~ ' where the key'
                ~ ' was lost.'
            ) %}
        {% endif %}
    {% endif %}
{% endmacro %}
