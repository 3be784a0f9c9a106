{#
    Names of the features that were NULL and filled when a row was scored, comma separated; empty text when none was.
    Arguments: features, list of names.
    Returns: SQL.
    Example: {{ ml_ledger.imputed_features(['mean_gap_days']) }} as imputed_features
#}
{% macro imputed_features(features) -%}
{%- if not features -%}
''
{%- else -%}
concat_ws(
            ', '
            {%- for name in features %},
            case when {{ ml_ledger.quoted(name) }} is null then {{ ml_ledger.text_literal(name) }} end
            {%- endfor %}
        )
{%- endif -%}
{%- endmacro %}
