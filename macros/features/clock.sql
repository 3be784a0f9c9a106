{#
    The business time of this run, as a timestamp literal without a time zone (UTC): `var('ml_clock')`, a date or
    timestamp as text; without it the moment at which the run started. The shipped example's data ends on
    1998-06-30, so that is its default.
    Returns: SQL.
    Example: where order_date < {{ ml_ledger.clock() }}
#}
{% macro clock() %}
    {% set default = '1998-06-30' if ml_ledger.example_is_on() else run_started_at.strftime('%Y-%m-%d %H:%M:%S') %}
    {% set given = default if var('ml_clock', none) is none else var('ml_clock') %}
    {% set text = ml_ledger.moment_text(given) %}
    {% if text is none %}
        {% do exceptions.raise_compiler_error(
            "ml_clock: must be a date or a timestamp that exists; got '" ~ given
            ~ "'. Allowed: 1998-06-30 or 1998-06-30 18:00:00, in UTC. Fix: dbt build --vars '{ml_clock: 1998-06-30}'."
        ) %}
    {% endif %}
    {# What was appended at a clock to come would stand in the way of everything until then. #}
    {% if text[:10] > (run_started_at + modules.datetime.timedelta(days=1)).strftime('%Y-%m-%d') %}
        {% do exceptions.raise_compiler_error(
            "ml_clock: must not be after today; got '" ~ text ~ "'. Allowed: a moment up to now, in UTC. Nothing was"
                ~ " written."
        ) %}
    {% endif %}
    {% do return("cast('" ~ text ~ "' as " ~ dbt.type_timestamp() ~ ")") %}
{% endmacro %}
