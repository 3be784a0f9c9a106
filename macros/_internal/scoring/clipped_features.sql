{#
    Names of the features whose value lay beyond its bounds and was clipped when a row was scored, comma separated;
    empty text when none was.
    Arguments: bounds, mapping of name to [lower, upper], each a number or none.
    Returns: SQL.
    Example: {{ ml_ledger.clipped_features({'age': [18, 99]}) }} as clipped_features
#}
{% macro clipped_features(bounds) -%}
{%- if not bounds -%}
''
{%- else -%}
concat_ws(
            ', '
            {%- for name, (lower, upper) in bounds.items() %},
            case
                {%- if lower is not none %}
                when {{ ml_ledger.quoted(name) }} < {{ lower }} then {{ ml_ledger.text_literal(name) }}
                {%- endif %}
                {%- if upper is not none %}
                when {{ ml_ledger.quoted(name) }} > {{ upper }} then {{ ml_ledger.text_literal(name) }}
                {%- endif %}
            end
            {%- endfor %}
        )
{%- endif -%}
{%- endmacro %}
