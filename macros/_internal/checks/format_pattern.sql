{#
    The regular expression of a format.
    Arguments: pattern, a regular expression for the whole text, or one of the words integer, number, date, timestamp.
    Returns: regular expression.
    Example: {{ ml_ledger.matches('written', ml_ledger.format_pattern('integer')) }}
#}
{% macro format_pattern(pattern) %}
    {% do return({
        'integer': '-?[0-9]+',
        'number': '-?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?',
        'date': '[0-9]{4}-[0-9]{2}-[0-9]{2}',
        'timestamp': '[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?.*',
    }.get(pattern, pattern)) %}
{% endmacro %}
