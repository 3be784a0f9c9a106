{#
    The score of a link score: a probability (logit), a positive amount (log), or the link score itself (identity).
    Arguments: link, its name; column, SQL of the link score.
    Returns: SQL.
    Example: {{ ml_ledger.inverse_link('logit', '_ml_link') }}
#}
{% macro inverse_link(link, column) %}
    {% set scores = {
        'logit': '1 / (1 + exp(-' ~ column ~ '))',
        'log': 'exp(' ~ column ~ ')',
        'identity': column,
    } %}
    {% do return(scores[link]) %}
{% endmacro %}
