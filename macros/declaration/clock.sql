{#
    The business time of this run, as a timestamp literal without a time zone (UTC): `var('ml_clock')`, a date or
    timestamp as text; without it the moment at which the run started. The shipped example's data ends on
    1998-06-30, so that is its default.
    Returns: SQL.
    Example: where order_date < {{ ml_ledger.clock() }}
#}
{% macro clock() %}
    {% set default = '1998-06-30' if ml_ledger.example_is_on() else run_started_at.strftime('%Y-%m-%d %H:%M:%S') %}
    {% set given = var('ml_clock', none) %}
    {% set text = (default if given is none else given) | string | trim %}
    {% if not ml_ledger.is_moment(text) %}
        {% do exceptions.raise_compiler_error(
            "ml_clock: must be a date or a timestamp; got '" ~ text
            ~ "'. Allowed: 1998-06-30 or 1998-06-30 18:00:00, in UTC. Fix: dbt build --vars '{ml_clock: 1998-06-30}'."
        ) %}
    {% endif %}
    {# What was appended at a clock to come would stand in the way of everything until then. #}
    {% if (text | replace('T', ' '))[:10] > (run_started_at + modules.datetime.timedelta(days=1)).strftime('%Y-%m-%d') %}
        {% do exceptions.raise_compiler_error(
            "ml_clock: must not be after today; got '" ~ text ~ "'. Allowed: a moment up to now, in UTC. Nothing was written."
        ) %}
    {% endif %}
    {% do return("cast('" ~ text | replace('T', ' ') ~ "' as " ~ dbt.type_timestamp() ~ ")") %}
{% endmacro %}

{#
    Whether a text is a date or a moment of a day that there is: not 2024-09-31.
    Arguments: text.
    Returns: boolean.
#}
{% macro is_moment(text) %}
    {% set shape = '([0-9]{4})-(0[1-9]|1[0-2])-([0-9]{2})([ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?)?' %}
    {% set found = modules.re.fullmatch(shape, text) %}
    {% if not found or found.group(1) | int < 1 or found.group(1) | int > 9998 %}
        {% do return(false) %}
    {% endif %}
    {% set year, month, day = found.group(1) | int, found.group(2) | int, found.group(3) | int %}
    {% set next_month = modules.datetime.date(year + month // 12, month % 12 + 1, 1) %}
    {% do return(1 <= day <= (next_month - modules.datetime.timedelta(days=1)).day) %}
{% endmacro %}
