{#
    The latest text per feature and direction, as one row with one value `_ml_texts` that `top_reasons` looks up.
    Arguments: reason_texts, relation with the columns feature, direction ('raises' or 'lowers' the score), text_version (a
    whole number) and reason_text.
    Returns: SQL, a select.
    Example: {{ ml_ledger.reason_text_map(ref('repurchase_reason_texts')) }}
#}
{% macro reason_text_map(reason_texts) %}
    {% do return(adapter.dispatch('reason_text_map', 'ml_ledger')(reason_texts)) %}
{% endmacro %}

{% macro default__reason_text_map(reason_texts) %}
    {% do ml_ledger.unsupported('reason_text_map') %}
{% endmacro %}

{% macro duckdb__reason_text_map(reason_texts) -%}
    select
        map_from_entries(list({
            'key': feature || ' ' || direction,
            'value': {'text': reason_text, 'version': text_version}
        })) as _ml_texts
    from (
        select
            *,
            row_number() over (partition by feature, direction order by text_version desc) as _ml_age
        from {{ reason_texts }}
    ) as ranked
    where _ml_age = 1
{%- endmacro %}
