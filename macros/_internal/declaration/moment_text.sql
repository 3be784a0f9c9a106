{#
    A date or timestamp that somebody gave, as the text of a timestamp literal. `ml-ledger validate` takes the same.
    Arguments: given, a text, or a date of YAML.
    Returns: string, as 1998-06-30 or 1998-06-30 18:00:00; none where it is no moment: another form, a time zone, or a
    day or an hour that no calendar has.
    Example: {% set text = ml_ledger.moment_text(var('ml_clock')) %}
#}
{% macro moment_text(given) %}
    {% set text = given | string | trim %}
    {% set shape = '([0-9]{4})-([0-9]{2})-([0-9]{2})([ T]([0-9]{2}):([0-9]{2})(:([0-9]{2}))?)?' %}
    {% set found = modules.re.fullmatch(shape, text) %}
    {% if not found %}
        {% do return(none) %}
    {% endif %}
    {% set year, month, day = found[1] | int, found[2] | int, found[3] | int %}
    {% if year < 1 or not 1 <= month <= 12 or not 1 <= day <= 31 %}
        {% do return(none) %}
    {% endif %}
    {# A day that the month does not have is one of the next. #}
    {% set counted = modules.datetime.date(year, month, 1) + modules.datetime.timedelta(days=day - 1) %}
    {% set hour, minute, second = (found[5] or 0) | int, (found[6] or 0) | int, (found[8] or 0) | int %}
    {% if counted.month != month or hour > 23 or minute > 59 or second > 59 %}
        {% do return(none) %}
    {% endif %}
    {% do return(text | replace('T', ' ')) %}
{% endmacro %}
